// The switches where buyers meet them: orders, repeats, what is held, the live answer, limits, and challenges.

import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { LiveAnswer } from "../../src/catalog/live.ts";
import { dropSnapshot } from "../../src/catalog/snapshot.ts";
import { givenClock } from "../support/clock.ts";
import { admin, call, contractFaults } from "../support/http.ts";
import { captureQueue } from "../support/queue.ts";
import { emptyRedis, redisCost } from "../support/redis.ts";
import {
  aBuyer,
  aSale,
  aSku,
  bought,
  ledger,
  order,
  putSale,
  settled,
  showOrder,
  unique,
} from "../support/shop.ts";
import { givenSwitches, noSwitches } from "../support/switches.ts";
import { attempt, givenSale } from "./scene.ts";

beforeEach(emptyRedis);
afterEach(noSwitches);

const REACHED_MS = 10_001;
const live = async (saleId: string) =>
  (await call<LiveAnswer>("GET", `/api/sales/${saleId}/live`)).body;

/** Every switch that stops orders for an item, and how an order is refused then. */
const STOPS = [
  ["the sale is paused", "sale_paused", "sale", (sale: string) => ({ name: "paused", sale })],
  [
    "the item is closed",
    "sale_closed",
    "closed",
    (_: string, sku: string) => ({ name: "closed", sku }),
  ],
  ["everything is read-only", "unavailable", "orders", () => ({ name: "readOnly" })],
  ["payments are paused", "unavailable", "payments", () => ({ name: "paymentsPaused" })],
] as const;

async function given(sku: Parameters<typeof aSku>[0] = {}) {
  const item = aSku({ price: 100, stock: 50, perUserLimit: 2, ...sku });
  const sale = await putSale(aSale({ skus: [item] }));
  return { saleId: sale.id, skuId: item.id };
}

describe.each(STOPS)("while %s", (_, code, cause, setting) => {
  test("refuses orders, says so in the live answer, and takes orders again afterwards", async () => {
    const { saleId, skuId } = await given();
    const on = { ...setting(saleId, skuId), value: true };
    await givenSwitches(on);
    const refused = await order(await aBuyer(), skuId);
    expect(refused.code).toBe(code);
    expect(contractFaults(refused)).toEqual([]);
    expect((await live(saleId)).stopped).toEqual({
      [skuId]: { code, cause, label: expect.any(String), why: expect.any(String) },
    });
    expect(await ledger(skuId)).toMatchObject({ held: 0 });

    await givenSwitches({ ...on, value: false });
    expect(await live(saleId)).not.toHaveProperty("stopped");
    expect((await order(await aBuyer(), skuId)).status).toBe(202);
  });

  test("gives the repeat of an accepted order its stored answer, now and once every edge knows", async () => {
    const { saleId, skuId } = await given();
    const [buyer, key] = [await aBuyer(), unique("key")];
    const { id } = await bought(buyer, skuId, { key });
    const clock = givenClock(Date.now());
    await givenSwitches({ ...setting(saleId, skuId), value: true });
    for (const laterMs of [0, REACHED_MS, 2_000]) {
      clock.moveTo(Date.now() + laterMs);
      expect((await order(await aBuyer(), skuId)).code).toBe(code);
      const repeat = await order(buyer, skuId, { key });
      expect([repeat.status, repeat.body.id]).toEqual([202, id]);
      expect(repeat.headers.get("idempotent-replayed")).toBe("true");
    }
  });

  test("lets buyers read, pay for, and cancel what they hold", async () => {
    const { saleId, skuId } = await given();
    const [payer, leaver] = [await aBuyer(), await aBuyer()];
    const [paid, left] = [await bought(payer, skuId), await bought(leaver, skuId)];
    await givenSwitches({ ...setting(saleId, skuId), value: true });
    expect((await showOrder(payer, paid.id)).body.expiresAt).toBe(paid.expiresAt);
    const payment = { token: payer.token, body: { paymentToken: "tok_ok" } };
    expect((await call("POST", `/api/orders/${paid.id}/payment`, payment)).status).toBe(202);
    const { token } = leaver;
    expect((await call("DELETE", `/api/orders/${left.id}`, { token })).status).toBe(200);
  });

  test("refuses the crowd from memory once every edge knows", async () => {
    const { saleId, skuId } = await given();
    await bought(await aBuyer(), skuId);
    const clock = givenClock(Date.now());
    await givenSwitches({ ...setting(saleId, skuId), value: true });
    clock.moveTo(Date.now() + REACHED_MS);
    await order(await aBuyer(), skuId); // brings the list of buyers to this edge
    const calls = vi.spyOn(env.SKU_INVENTORY, "getByName");
    const crowd = await Promise.all(Array.from({ length: 5 }, () => aBuyer()));
    const { commands, result } = await redisCost(() =>
      Promise.all(crowd.map((buyer) => order(buyer, skuId))),
    );
    expect(result.map((answer) => answer.code)).toEqual(crowd.map(() => code));
    expect(calls).not.toHaveBeenCalled();
    calls.mockRestore();
    // At most the regular refresh of the catalog's version and the live stock.
    expect(commands).toBeLessThanOrEqual(2);
  });

  test("takes orders again by the clock alone, once the switch has ended", async () => {
    const { saleId, skuId } = await given();
    const clock = givenClock(Date.now());
    const until = new Date(Date.now() + 30_000).toISOString();
    await givenSwitches({ ...setting(saleId, skuId), value: true, until });
    const refused = await order(await aBuyer(), skuId);
    if (code !== "sale_closed") expect(refused.headers.get("retry-after")).toBe("30");
    clock.moveTo(Date.parse(until));
    expect((await order(await aBuyer(), skuId)).status).toBe(202);
    expect(await live(saleId)).not.toHaveProperty("stopped");
  });
});

test("tells buyers the operator's notice, and never the reason", async () => {
  const { saleId, skuId } = await given();
  const body = { reason: "the supplier lied", notice: "We are checking the price" };
  await admin("POST", `/sales/${saleId}/pause`, { body });
  const refused = await order(await aBuyer(), skuId);
  expect(refused.body).toMatchObject({
    detail: expect.stringContaining("Paused: We are checking the price"),
  });
  const answer = await live(saleId);
  expect(answer.notice).toBe("We are checking the price");
  const page = await call<string>("GET", `/sales/${saleId}`);
  for (const text of [refused.body, answer, page.body].map((each) => JSON.stringify(each)))
    expect(text).not.toContain("supplier");
});

test("keeps the free items on sale while payments are paused", async () => {
  const [free, paid] = [aSku(), aSku({ price: 100 })];
  const sale = await putSale(aSale({ skus: [free, paid] }));
  await givenSwitches({ name: "paymentsPaused", value: true });
  expect((await order(await aBuyer(), free.id)).status).toBe(202);
  expect((await order(await aBuyer(), paid.id)).code).toBe("unavailable");
  expect(Object.keys((await live(sale.id)).stopped ?? {})).toEqual([paid.id]);
});

test("closes one item, and neither its sale nor another sale", async () => {
  const [first, second] = [aSku(), aSku()];
  await putSale(aSale({ skus: [first, second] }));
  await givenSwitches({ name: "closed", sku: first.id, value: true });
  expect((await order(await aBuyer(), first.id)).code).toBe("sale_closed");
  expect((await order(await aBuyer(), second.id)).status).toBe(202);
});

test("pauses one sale, and no other", async () => {
  const [one, other] = [await given(), await given()];
  await givenSwitches({ name: "paused", sale: one.saleId, value: true });
  expect((await order(await aBuyer(), one.skuId)).code).toBe("sale_paused");
  expect((await order(await aBuyer(), other.skuId)).status).toBe(202);
});

test("never sells a unit twice, or loses one, while a sale is paused and resumed under load", async () => {
  const { saleId, skuId } = await given({ price: 0, stock: 20 });
  const crowd = await Promise.all(Array.from({ length: 60 }, () => aBuyer()));
  const answers = await Promise.all(
    crowd.map(async (buyer, i) => {
      if (i % 10 === 0) {
        const action = i % 20 === 0 ? "pause" : "resume";
        await admin("POST", `/sales/${saleId}/${action}`, { body: { reason: "a test" } });
      }
      return order(buyer, skuId);
    }),
  );
  const accepted = answers.filter(({ status }) => status === 202).length;
  const codes = new Set(answers.filter(({ status }) => status !== 202).map(({ code }) => code));
  for (const code of codes) expect(["sale_paused", "sold_out"]).toContain(code);
  await settled(skuId);
  const { stocked, available, held, sold } = await ledger(skuId);
  expect([held + sold, available + held + sold]).toEqual([accepted, stocked]);
});

test("adds no Redis command and no object call to an order", async () => {
  captureQueue(); // the consumer calls objects too
  const { skuId } = await given({ price: 0, perUserLimit: 100 });
  const buyer = await aBuyer();
  const cost = async () => {
    givenClock(Date.now()); // so that no refresh becomes due between the two orders
    await order(buyer, skuId);
    const calls = vi.spyOn(env.SKU_INVENTORY, "getByName");
    const { commands } = await redisCost(() => order(buyer, skuId));
    const objects = calls.mock.calls.length;
    calls.mockRestore();
    return { commands, objects };
  };
  const without = await cost();
  await givenSwitches({ name: "liveStockOff", value: true }, { name: "limits", value: 2 });
  expect(await cost()).toEqual(without);
});

test("applies on an edge that only reads the published catalog", async () => {
  const { saleId, skuId } = await given();
  await givenSwitches({ name: "paused", sale: saleId, value: true });
  dropSnapshot(); // as in a new isolate
  expect((await order(await aBuyer(), skuId)).code).toBe("sale_paused");
});

describe("the factor of the limits", () => {
  const userLimit = (limit: number) => ({
    limits: { order: { user: { limit, windowSeconds: 3_600 } } },
  });
  const header = async (skuId: string, buyer = aBuyer()) =>
    (await attempt(await buyer, { skuId })).headers.get("x-ratelimit-limit");

  test("multiplies the limits of a sale, and goes back to them", async () => {
    const { saleId, skuId } = await givenSale(userLimit(10));
    expect(await header(skuId)).toBe("10");
    await givenSwitches({ name: "limits", value: 0.3 });
    expect(await header(skuId)).toBe("3");
    await givenSwitches({ name: "limits", sale: saleId, value: 10 });
    expect(await header(skuId)).toBe("100");
    await noSwitches();
    expect(await header(skuId)).toBe("10");
  });

  test("refuses sooner, but always allows one request", async () => {
    givenClock(Date.now()); // frozen, so that all attempts count in one window
    const { skuId } = await givenSale(userLimit(2));
    await givenSwitches({ name: "limits", value: 0.1 });
    const buyer = await aBuyer();
    expect((await attempt(buyer, { skuId })).status).toBe(202);
    expect((await attempt(buyer, { skuId })).code).toBe("rate_limited");
  });
});

describe("the challenge switch", () => {
  test("asks everyone for a challenge, or nobody, whatever the sale says", async () => {
    const [off, always] = await Promise.all([
      givenSale({ challenge: { mode: "off" } }),
      givenSale({ challenge: { mode: "always" } }),
    ]);
    const codes = async () =>
      Promise.all([off, always].map(async (sale) => (await attempt(await aBuyer(), sale)).code));
    expect(await codes()).toEqual([undefined, "challenge_required"]);
    await givenSwitches({ name: "challenge", value: "everyone" });
    expect(await codes()).toEqual(["challenge_required", "challenge_required"]);
    await givenSwitches({ name: "challenge", value: "off" });
    expect(await codes()).toEqual([undefined, undefined]);
    await givenSwitches({ name: "challenge", sale: off.saleId, value: "everyone" });
    expect(await codes()).toEqual(["challenge_required", undefined]);
  });
});

describe("the live stock", () => {
  test("is hidden while it is switched off, and orders and sold-out refusals go on", async () => {
    const { saleId, skuId } = await given({ price: 0, stock: 1 });
    await givenSwitches({ name: "liveStockOff", value: true });
    const answer = await live(saleId);
    expect(answer).toMatchObject({ state: "open", skus: [] });
    expect((await order(await aBuyer(), skuId)).status).toBe(202);
    expect((await order(await aBuyer(), skuId)).code).toBe("sold_out");
    await noSwitches();
    expect((await live(saleId)).skus).toHaveLength(1);
  });

  test("costs no Redis command while it is switched off", async () => {
    const { saleId } = await given();
    await givenSwitches({ name: "liveStockOff", value: true });
    await live(saleId);
    givenClock(Date.now());
    expect((await redisCost(() => live(saleId))).commands).toBe(0);
  });
});
