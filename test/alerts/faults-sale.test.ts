// Every alert about a sale is made to fire and to end by a real fault.
import { env } from "cloudflare:workers";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { inside as insideSku, putToSleep } from "../inventory/object.ts";
import { drandIs, register, tick } from "../line/object.ts";
import { admin } from "../support/http.ts";
import { counted } from "../support/metrics.ts";
import { emptyRedis } from "../support/redis.ts";
import {
  aBuyer,
  aSale,
  aSku,
  bought,
  buyers,
  order,
  putSale,
  tokenFor,
  until,
} from "../support/shop.ts";
import { expectCalm, expectEnded, expectFiring, givenSale, sampled } from "./fault.ts";
import { givenDay } from "./watch.ts";

beforeEach(emptyRedis);

test("says that more units are sold than stocked, until the ledger is right again", async () => {
  const day = givenDay();
  const { skuId, saleId, about } = await givenSale({ stock: 2, price: 100 });
  await bought(await aBuyer(), skuId);
  await bought(await aBuyer(), skuId);
  const which = { rule: "invariant_broken", about } as const;
  await expectCalm(which);

  /** Writes another stock behind the back of the object, whose figures then have `free` units. */
  async function setStock(stocked: number, free: number): Promise<void> {
    await insideSku(skuId, (_, { storage: { sql } }) => {
      sql.exec("UPDATE setup SET document = json_set(document, '$.stocked', ?)", stocked);
    });
    await putToSleep(skuId);
    await sampled(skuId, day);
    const gauge = `units|${saleId}|${skuId}|available`;
    await until("the figures", async () => (await counted(gauge)) === free);
  }

  await setStock(1, -1);
  await expectFiring(which, { severity: "critical", value: 1, threshold: 0, skuId });
  await setStock(2, 0);
  await expectEnded(which, day);
});

test("says that nothing is sold while people press Buy, until somebody gets a unit", async () => {
  const day = givenDay();
  const { skuId, about } = await givenSale();
  await sampled(skuId, day);
  const which = { rule: "no_sale", about } as const;
  const token = await tokenFor("ann", "the identity provider has another secret");
  const refused = await Promise.all(
    Array.from({ length: 25 }, () => order({ id: "ann", token }, skuId)),
  );
  expect(refused.every(({ code }) => code === "unauthenticated")).toBe(true);

  await expectCalm(which);
  day.pass(20);
  await expectFiring(which, { severity: "critical", value: 25, threshold: 20 });
  await bought(await aBuyer(), skuId);
  await expectEnded(which, day);
});

test("says that a line stands still, until its operator lets it go on", async () => {
  const day = givenDay();
  await drandIs("eager");
  const opensAt = new Date(Date.now() + 60_000).toISOString();
  const item = aSku({ stock: 1_000 });
  const admission = { mode: "queue", ratePerSecond: 5 } as const;
  const { id } = await putSale(aSale({ opensAt, admission, skus: [item] }));
  const which = { rule: "line_stalled", about: `sale/${id}` } as const;
  await register(id, 1_000, Date.now() + 30_000);
  await sampled(item.id, day);
  /** Lets the line tick every second. */
  const moveOn = async (seconds: number) => {
    for (let second = 0; second < seconds; second += 1) {
      day.pass(1);
      await tick(id);
    }
  };
  day.pass(80);
  await moveOn(5);
  expect(await counted(`line_people|${id}|admitted`)).toBeGreaterThan(0);
  await expectCalm(which);

  await admin("PUT", `/sales/${id}/line`, { body: { paused: true } });
  await tick(id);
  day.pass(130);
  await tick(id);
  await expectFiring(which, { severity: "critical", threshold: 120 });
  await admin("PUT", `/sales/${id}/line`, { body: { paused: false } });
  await moveOn(5);
  await expectEnded(which, day);
});

test("says that an overloaded object sheds buyers, until it recovers", async () => {
  const day = givenDay();
  const { skuId, about } = await givenSale({ stock: 1_000 });
  const which = { rule: "shedding", about } as const;
  const real = env.SKU_INVENTORY.getByName.bind(env.SKU_INVENTORY);
  const spy = vi.spyOn(env.SKU_INVENTORY as DurableObjectNamespace, "getByName");
  onTestFinished(() => spy.mockRestore());
  spy.mockImplementation((name) => {
    if (name === skuId) throw Object.assign(new Error("too many requests"), { overloaded: true });
    return real(name) as unknown as DurableObjectStub;
  });
  for (const buyer of await buyers(80)) await order(buyer, skuId);
  spy.mockRestore();

  await expectCalm(which);
  day.pass(10);
  await expectFiring(which, { severity: "warning", threshold: 0.01 });
  day.pass(60);
  await expectEnded(which, day);
});
