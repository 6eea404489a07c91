// Everybody tries every size at the same moment, while objects are killed one after the other. The edge's own code calls the
// real objects; only the stages before it are left out, so that thousands of attempts take seconds.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { takeLease } from "../../../src/funnel/allowance.ts";
import type { Admitted } from "../../../src/funnel/attempt.ts";
import { allowanceName } from "../../../src/inventory/allowance/client.ts";
import type { OwnedOrder } from "../../../src/inventory/order.ts";
import type { OrderRef } from "../../../src/inventory/order-id.ts";
import { reserveUnits } from "../../../src/orders/reserve-units.ts";
import { captureQueue } from "../../support/queue.ts";
import { suppressLiveStock, unique } from "../../support/shop.ts";
import { anOffer } from "../commands.ts";
import { aReservation, inventory, stubOf } from "../object.ts";

const BUYERS = 200;
const SIZES = 12;
const LIMIT = 2;
/** An object is killed after so many answers. */
const ANSWERS_PER_KILL = 60;

/** Sizes of one sale, with exactly as many units as all buyers together may have. */
async function givenSizes(saleId: string): Promise<string[]> {
  const most = Math.floor((BUYERS * LIMIT) / SIZES);
  const sizes = Array.from({ length: SIZES }, async (_, n) => {
    const skuId = unique("size");
    const offer = anOffer(n === 0 ? BUYERS * LIMIT - most * (SIZES - 1) : most, 0);
    Object.assign(offer.terms, {
      saleId,
      skuId,
      saleLimit: LIMIT,
      perUserLimit: LIMIT,
      opensAt: 0,
    });
    offer.terms.closesAt = Date.now() + 3_600_000;
    await inventory(skuId).configure({ skuId, revision: 1, offer });
    return skuId;
  });
  return Promise.all(sizes);
}

/** Kills objects in turn, without a word to those that are calling them. */
function killer(stubs: DurableObjectStub[]) {
  let answers = 0;
  let kills = 0;
  const answered = async () => {
    answers += 1;
    if (answers % ANSWERS_PER_KILL !== 0) return;
    const stub = stubs[kills % stubs.length] as DurableObjectStub;
    kills += 1;
    const killed = runInDurableObject(stub, (_, state) => state.abort("killed by the test"));
    await killed.catch(() => {});
  };
  return { answered, kills: () => kills };
}

/** What one attempt of a buyer came to. An attempt without an answer is repeated under its key. */
interface Try {
  skuId: string;
  key: string;
  outcome?: "accepted" | "refused";
}

const NO_ANSWER = ["unavailable", "overloaded"];

/** An attempt as the edge sends it: allowance first, then the object of the SKU. */
async function answerTo(saleId: string, userId: string, { skuId, key }: Try): Promise<string> {
  const c = { env, get: () => "request", req: { header: () => undefined } };
  const sent = { c, userId, skuId, idempotencyKey: key, body: { quantity: 1 } };
  const attempt = sent as unknown as Admitted;
  const refusal = await takeLease(attempt, { saleId, limit: LIMIT });
  if (refusal) return refusal.reason;
  const reservation = aReservation(skuId, { userId, idempotencyKey: key });
  const answer = await reserveUnits(attempt, ({ pending }) => ({
    ...reservation,
    ...(pending ? { lookUpOnly: true } : {}),
  }));
  if (!answer.ok) return answer.reason;
  if (answer.value.ok) return "accepted";
  const { reason } = answer.value;
  if (reason === "lease_required") return "unavailable";
  return reason === "no_such_order" ? (attempt.pending?.reason ?? reason) : reason;
}

test("200 buyers who race for 12 sizes while objects are killed get exactly the limit, and all is sold", async () => {
  captureQueue();
  suppressLiveStock();
  const saleId = unique("sale");
  const skuIds = await givenSizes(saleId);
  const crowd = Array.from({ length: BUYERS }, () => unique("buyer"));
  const names = new Set(crowd.map((userId) => allowanceName(saleId, userId)));
  const allowances = [...names].map((name) => env.SALE_ALLOWANCE.getByName(name));
  const stubs = skuIds.flatMap((skuId, n) => [stubOf(skuId), allowances[n]]);
  const { answered, kills } = killer(stubs as DurableObjectStub[]);

  const attempt = async (userId: string, one: Try) => {
    const answer = await answerTo(saleId, userId, one);
    if (answer === "accepted") one.outcome = answer;
    else if (!NO_ANSWER.includes(answer)) {
      expect(answer).toMatch(/^(sold_out|user_limit_reached)$/);
      one.outcome = "refused";
    }
    await answered();
  };
  /** Tries all sizes at once until each has its answer; then others, until the buyer has what the limit allows. */
  const shop = async (userId: string) => {
    const tries: Try[] = skuIds.map((skuId) => ({ skuId, key: unique("key") }));
    for (let n = 0; ; n += 1) {
      const open = tries.filter(({ outcome }) => !outcome);
      await Promise.all(open.map((one) => attempt(userId, one)));
      if (tries.some(({ outcome }) => !outcome)) continue;
      if (tries.filter(({ outcome }) => outcome === "accepted").length >= LIMIT) return;
      tries.push({ skuId: skuIds[n % SIZES] as string, key: unique("key") });
    }
  };
  await Promise.all(crowd.map(shop));

  const units = new Map<string, number>();
  for (const skuId of skuIds) {
    for (const { userId, order } of await ordersOf(skuId)) {
      units.set(userId, (units.get(userId) ?? 0) + order.quantity);
    }
    expect(await inventory(skuId).report()).toMatchObject({ available: 0 });
  }
  expect(crowd.map((userId) => units.get(userId))).toEqual(crowd.map(() => LIMIT));
  expect(kills()).toBeGreaterThan(SIZES);
});

async function ordersOf(skuId: string): Promise<OwnedOrder[]> {
  const all: OwnedOrder[] = [];
  let after: OrderRef | null = null;
  do {
    const page: { orders: OwnedOrder[]; next: OrderRef | null } =
      await inventory(skuId).page(after);
    all.push(...page.orders);
    after = page.next;
  } while (after);
  return all;
}
