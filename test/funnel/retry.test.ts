// A retry finds the order of its key. It is no way around a stage, and never to a unit that came back.
import { beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { type BuyerSummary, Buyers } from "../../src/inventory/buyers.ts";
import type { ReserveCommand } from "../../src/inventory/decide-reserve.ts";
import { SkuInventory } from "../../src/inventory/sku-inventory.ts";
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

/** The attempts that objects were asked about. */
function watchObjects() {
  const spy = vi.spyOn(SkuInventory.prototype, "reserve");
  onTestFinished(() => spy.mockRestore());
  return spy.mock.calls;
}

/** Given a SKU with units to sell, and an edge that believes it to be sold out to these users. */
async function givenOldNews(
  protection: Parameters<typeof givenSale>[0] = {},
  users: string[] = [],
): Promise<Scene> {
  suppressLiveStock();
  givenClock(aMoment());
  const sale = await givenSale(protection, { stock: 25, perUserLimit: 25 });
  const known = new Buyers();
  for (const user of users) known.add(user);
  await givenLiveStock(sale.skuId, {
    available: 0,
    held: 0,
    buyers: known.summarySince(0) as BuyerSummary,
  });
  expect((await attempt(await aBuyer(), sale)).status).toBe(202); // the edge has read nothing yet
  await vi.waitUntil(async () => (await attempt(await aBuyer(), sale)).code === "sold_out", {
    timeout: 20_000,
  });
  return sale;
}

const free = async ({ skuId }: Scene) => (await ledger(skuId)).available;

describe("units that came back", () => {
  test("are not taken by a bot that always says that it retries, before ten others can have them", async () => {
    const sale = await givenOldNews();
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
        timeout: 20_000,
      },
    );
    const answers = await Promise.all(honest.slice(1).map((buyer) => attempt(buyer, sale)));
    expect(tally(answers)).toEqual({ 202: 9 });
  });

  test("are not taken by former buyers, whom the news lets through, before others can have them", async () => {
    const id = unique("former");
    const sale = await givenOldNews({}, [id]);
    const former = await aBuyer(id);
    const before = await free(sale);
    expect((await attempt(former, sale)).code).toBe("sold_out");
    expect((await attempt(former, sale, { headers })).code).toBe("sold_out");
    expect(await free(sale)).toBe(before);
  });
});

test("a retry finds the order that another edge took, and another key of its buyer does not make one more", async () => {
  const sale = await givenOldNews();
  const { skuId } = sale;
  const [buyer, key] = [await aBuyer(), unique("key")];
  // The other edge's call is this one's, without the look-up only.
  const asked = watchObjects();
  await attempt(buyer, sale, { key, headers });
  const command = { ...asked[0]?.[0], lookUpOnly: false } as ReserveCommand;
  expect((await inventoryOf(skuId).reserve(command)).ok).toBe(true);

  expect((await attempt(buyer, sale, { key })).code).toBe("sold_out");
  const retry = await attempt(buyer, sale, { key, headers });
  expect([retry.status, retry.headers.get("idempotent-replayed")]).toEqual([202, "true"]);
  const before = await free(sale);
  expect((await attempt(buyer, sale, { headers })).code).toBe("sold_out");
  expect(await free(sale)).toBe(before);
});

describe("a retry that is refused", () => {
  test("costs its sender's limit like any attempt: 400 of them ask the object 20 times at most", async () => {
    const sale = await givenOldNews();
    const [asked, buyer] = [watchObjects(), await aBuyer()];
    const answers = await Promise.all(
      Array.from({ length: 400 }, () => attempt(buyer, sale, { headers })),
    );
    expect(tally(answers)).toEqual({ sold_out: 20, rate_limited: 380 });
    expect(asked).toHaveLength(20);
  });

  test("costs the limit of its address: 400 accounts behind one ask as often as one could", async () => {
    const ip = { limit: 20, windowSeconds: 60 };
    const sale = await givenOldNews({ limits: { order: { ip } } });
    const [asked, from] = [watchObjects(), anAddress()];
    const crowd = await buyers(400);
    const answers = await Promise.all(crowd.map((one) => attempt(one, sale, { from, headers })));
    expect(tally(answers)).toEqual({ sold_out: 20, rate_limited: 380 });
    expect(asked).toHaveLength(20);
  });
});

test.each(["false", "1", "yes", "", "truthy", "true, true", "0"])(
  "%j says nothing: the edge refuses by itself",
  async (value) => {
    const sale = await givenOldNews();
    const asked = watchObjects();
    const answer = await attempt(await aBuyer(), sale, { headers: { "idempotency-retry": value } });
    expect([answer.code, asked.length]).toEqual(["sold_out", 0]);
  },
);

test.each(["true", "TRUE", "True"])("%j has the object look, and look only", async (value) => {
  const sale = await givenOldNews();
  const asked = watchObjects();
  const answer = await attempt(await aBuyer(), sale, { headers: { "idempotency-retry": value } });
  expect(answer.code).toBe("sold_out");
  expect(asked.map(([command]) => command.lookUpOnly)).toEqual([true]);
});

describe("where the edge would not refuse, a retry meets every stage that others meet", () => {
  test("a challenge", async () => {
    const sale = await givenSale({ challenge: { mode: "always" } });
    expect((await attempt(await aBuyer(), sale, { headers })).code).toBe("challenge_required");
  });

  test("the deny list", async () => {
    const [sale, mallory] = [await givenOldNews(), await aBuyer()];
    const asked = watchObjects();
    await admin("PUT", `/denylist/user/${mallory.id}`);
    onTestFinished(async () => void (await admin("DELETE", `/denylist/user/${mallory.id}`)));
    expect((await attempt(mallory, sale, { headers })).code).toBe("blocked");
    expect(asked).toEqual([]);
  });

  test("its limit", async () => {
    const user = { limit: 2, windowSeconds: 60 };
    const sale = await givenSale({ limits: { order: { user } } });
    const buyer = await aBuyer();
    const answers = [];
    for (let i = 0; i < 3; i += 1) answers.push(await attempt(buyer, sale, { headers }));
    expect(tally(answers)).toEqual({ 202: 2, rate_limited: 1 });
  });
});
