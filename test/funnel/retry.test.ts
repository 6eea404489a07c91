// Attempts marked as retries: they find the order of their key, but skip no stage and get no returned unit.
import { beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { BuyerSummary } from "../../src/inventory/buyers.ts";
import type { ReserveCommand } from "../../src/inventory/decide-reserve.ts";
import { SkuInventory } from "../../src/inventory/sku-inventory.ts";
import { buyersOf } from "../support/buyers.ts";
import { givenClock } from "../support/clock.ts";
import { admin } from "../support/http.ts";
import { pauseQueue } from "../support/queue.ts";
import { emptyRedis } from "../support/redis.ts";
import {
  aBuyer,
  buyers,
  givenLiveStock,
  ledger,
  suppressLiveStock,
  tally,
  unique,
} from "../support/shop.ts";
import { aMoment, anAddress, attempt, givenSale, inventoryOf, type Scene } from "./scene.ts";

beforeAll(pauseQueue);
beforeEach(emptyRedis);

const headers = { "idempotency-retry": "true" };

/** The commands that objects receive. */
function watchObjects() {
  const spy = vi.spyOn(SkuInventory.prototype, "reserve");
  onTestFinished(() => spy.mockRestore());
  return spy.mock.calls;
}

/** Given a SKU with free units, and an edge whose stale stock is sold out, with these buyers. */
async function givenStaleStock(
  protection: Parameters<typeof givenSale>[0] = {},
  users: string[] = [],
): Promise<Scene> {
  suppressLiveStock();
  givenClock(aMoment());
  const sale = await givenSale(protection, { stock: 25, perUserLimit: 25 });
  await givenLiveStock(sale.skuId, {
    available: 0,
    held: 0,
    buyers: buyersOf(users).summarySince(0) as BuyerSummary,
  });
  expect((await attempt(await aBuyer(), sale)).status).toBe(202); // the edge has not read the stock yet
  await vi.waitUntil(async () => (await attempt(await aBuyer(), sale)).code === "sold_out", {
    timeout: 60_000,
  });
  return sale;
}

const free = async ({ skuId }: Scene) => (await ledger(skuId)).available;

describe("returned units", () => {
  test("are not sold to a bot that marks every attempt as a retry before ten others can buy them", async () => {
    const sale = await givenStaleStock();
    const before = await free(sale);
    const bot = await aBuyer();
    const bots = await Promise.all(
      Array.from({ length: 15 }, () => attempt(bot, sale, { headers })),
    );
    expect(tally(bots)).toEqual({ sold_out: 15 });
    expect(await free(sale)).toBe(before);

    await givenLiveStock(sale.skuId, { available: before, held: 0 });
    vi.setSystemTime(Date.now() + 3_000);
    const honest = await buyers(10);
    await vi.waitUntil(
      async () => (await attempt(honest[0] as (typeof honest)[0], sale)).status === 202,
      {
        timeout: 60_000,
      },
    );
    const answers = await Promise.all(honest.slice(1).map((buyer) => attempt(buyer, sale)));
    expect(tally(answers)).toEqual({ 202: 9 });
  });

  test("are not sold to earlier buyers, who reach the object, before others can buy them", async () => {
    const id = unique("former");
    const sale = await givenStaleStock({}, [id]);
    const former = await aBuyer(id);
    const before = await free(sale);
    expect((await attempt(former, sale)).code).toBe("sold_out");
    expect((await attempt(former, sale, { headers })).code).toBe("sold_out");
    expect(await free(sale)).toBe(before);
  });
});

test("finds an order made through another edge, and makes no second one under another key", async () => {
  const sale = await givenStaleStock();
  const { skuId } = sale;
  const [buyer, key] = [await aBuyer(), unique("key")];
  // The other edge sends the same command, but not for look-up only.
  const commands = watchObjects();
  await attempt(buyer, sale, { key, headers });
  const command = { ...commands[0]?.[0], lookUpOnly: false } as ReserveCommand;
  expect((await inventoryOf(skuId).reserve(command)).ok).toBe(true);

  expect((await attempt(buyer, sale, { key })).code).toBe("sold_out");
  const retry = await attempt(buyer, sale, { key, headers });
  expect([retry.status, retry.headers.get("idempotent-replayed")]).toEqual([202, "true"]);
  const before = await free(sale);
  expect((await attempt(buyer, sale, { headers })).code).toBe("sold_out");
  expect(await free(sale)).toBe(before);
});

describe("a refused retry", () => {
  test("counts against the user's limit, so 400 of them call the object 20 times", async () => {
    const sale = await givenStaleStock();
    const [commands, buyer] = [watchObjects(), await aBuyer()];
    const answers = await Promise.all(
      Array.from({ length: 400 }, () => attempt(buyer, sale, { headers })),
    );
    expect(tally(answers)).toEqual({ sold_out: 20, rate_limited: 380 });
    expect(commands).toHaveLength(20);
  });

  test("counts against the address limit, so 400 accounts at one address call the object 20 times", async () => {
    const ip = { limit: 20, windowSeconds: 60 };
    const sale = await givenStaleStock({ limits: { order: { ip } } });
    const [commands, from] = [watchObjects(), anAddress()];
    const crowd = await buyers(400);
    const answers = await Promise.all(crowd.map((one) => attempt(one, sale, { from, headers })));
    expect(tally(answers)).toEqual({ sold_out: 20, rate_limited: 380 });
    expect(commands).toHaveLength(20);
  });
});

test.each(["false", "1", "yes", "", "truthy", "true, true", "0"])(
  "Idempotency-Retry: %j has no effect: the edge refuses from memory",
  async (value) => {
    const sale = await givenStaleStock();
    const commands = watchObjects();
    const answer = await attempt(await aBuyer(), sale, { headers: { "idempotency-retry": value } });
    expect([answer.code, commands.length]).toEqual(["sold_out", 0]);
  },
);

test.each(["true", "TRUE", "True"])(
  "Idempotency-Retry: %j makes the object look up the order only",
  async (value) => {
    const sale = await givenStaleStock();
    const commands = watchObjects();
    const answer = await attempt(await aBuyer(), sale, { headers: { "idempotency-retry": value } });
    expect(answer.code).toBe("sold_out");
    expect(commands.map(([command]) => command.lookUpOnly)).toEqual([true]);
  },
);

describe("a retry of a SKU on sale passes every stage", () => {
  test("including the challenge", async () => {
    const sale = await givenSale({ challenge: { mode: "always" } });
    expect((await attempt(await aBuyer(), sale, { headers })).code).toBe("challenge_required");
  });

  test("including the deny list", async () => {
    const [sale, mallory] = [await givenStaleStock(), await aBuyer()];
    const commands = watchObjects();
    await admin("PUT", `/denylist/user/${mallory.id}`);
    onTestFinished(async () => void (await admin("DELETE", `/denylist/user/${mallory.id}`)));
    expect((await attempt(mallory, sale, { headers })).code).toBe("blocked");
    expect(commands).toEqual([]);
  });

  test("including the limits", async () => {
    givenClock(aMoment());
    const user = { limit: 2, windowSeconds: 60 };
    const sale = await givenSale({ limits: { order: { user } } });
    const buyer = await aBuyer();
    const answers = [];
    for (let i = 0; i < 3; i += 1) answers.push(await attempt(buyer, sale, { headers }));
    expect(tally(answers)).toEqual({ 202: 2, rate_limited: 1 });
  });
});
