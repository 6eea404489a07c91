// Many people share one address. A flood of requests from one of them never blocks the others.
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { givenClock } from "../support/clock.ts";
import { ORIGIN } from "../support/http.ts";
import { pauseQueue } from "../support/queue.ts";
import { emptyRedis, redisCost } from "../support/redis.ts";
import {
  aBuyer,
  type Buyer,
  bought,
  buyers,
  givenLiveStock,
  ledger,
  suppressLiveStock,
  tokenFor,
} from "../support/shop.ts";
import { aMoment, anAddress, behindShield, givenSale, orderRequest, type Scene } from "./scene.ts";

/** The limit of the binding in wrangler.toml: requests per key and period. */
const SHIELD_LIMIT = 1_000;
const FLOOD = SHIELD_LIMIT + 50;

beforeAll(emptyRedis);
beforeAll(pauseQueue);
beforeEach(suppressLiveStock);

/** The app behind a shield that counts like the real one, in one period as long as the test. */
function shielded() {
  const calls = new Map<string, number>();
  return behindShield((key) => {
    calls.set(key, (calls.get(key) ?? 0) + 1);
    return (calls.get(key) as number) <= SHIELD_LIMIT;
  });
}

const forged = async (i: number) => ({
  id: `mallory-${i}`,
  token: await tokenFor(`mallory-${i}`, "another-secret-of-at-least-32-characters"),
});

/** Sends `count` requests, and counts the answers by status. */
async function statuses(send: (i: number) => Promise<Response>, count: number) {
  const tally: Record<number, number> = {};
  for (let i = 0; i < count; i += 50) {
    const chunk = Array.from({ length: Math.min(50, count - i) }, (_, at) => send(i + at));
    for (const { status } of await Promise.all(chunk)) tally[status] = (tally[status] ?? 0) + 1;
  }
  return tally;
}

test("serves 20 new buyers at an address that sends 1,050 forged tokens", async () => {
  const sale = await givenSale();
  const [send, from] = [shielded(), anAddress()];

  const forgeries = await statuses(
    async (i) => send(orderRequest(await forged(i), sale, { from })),
    FLOOD,
  );

  expect(forgeries).toEqual({ 401: SHIELD_LIMIT, 429: 50 });
  const fresh = await buyers(20);
  expect(await statuses((i) => send(orderRequest(fresh[i] as Buyer, sale, { from })), 20)).toEqual({
    202: 20,
  });
});

test("spends no Redis command and no object call on forged tokens", async () => {
  givenClock(aMoment());
  const sale = await givenSale();
  await givenLiveStock(sale.skuId, { available: 1_000, held: 0 });
  const [send, from] = [shielded(), anAddress()];
  await send(orderRequest(await aBuyer(), sale, { from }));
  const { calls } = (await ledger(sale.skuId)).activity;

  const { commands } = await redisCost(() =>
    statuses(async (i) => send(orderRequest(await forged(i), sale, { from })), FLOOD),
  );

  expect(commands).toBe(0);
  expect((await ledger(sale.skuId)).activity.calls).toBe(calls + 1); // ours
});

test("serves known and new neighbors of an account that sends 1,050 attempts", async () => {
  givenClock(aMoment());
  const sale = await givenSale();
  const [send, from] = [shielded(), anAddress()];
  const [flooder, known, fresh] = [await aBuyer(), await aBuyer(), await aBuyer()];
  const buy = (buyer: Buyer) => send(orderRequest(buyer, sale, { from }));
  expect((await buy(known)).status).toBe(202);

  expect(await statuses(() => buy(flooder), FLOOD)).toEqual({ 202: 20, 429: FLOOD - 20 });

  expect((await buy(known)).status).toBe(202);
  expect((await buy(fresh)).status).toBe(202);
});

test("does not rate-limit the neighbor of an account that ignores 1,050 challenges", async () => {
  givenClock(aMoment());
  const sale = await givenSale({
    challenge: { mode: "by-score" },
    autoBlock: { ignoredChallenges: 1_000 },
  });
  const [send, from] = [shielded(), anAddress()];
  const [flooder, neighbor] = [await aBuyer(), await aBuyer()];
  const buy = (buyer: Buyer) => send(orderRequest(buyer, sale, { from }));
  expect((await buy(neighbor)).status).toBe(403);

  expect(await statuses(() => buy(flooder), FLOOD)).toEqual({ 403: SHIELD_LIMIT, 429: 50 });

  expect((await buy(neighbor)).status).toBe(403); // challenged, not rate-limited
});

describe.each<[string, number, (sale: Scene, orderId: string) => [string, string, unknown?]]>([
  ["reading the list of orders", 200, () => ["GET", "/api/orders"]],
  ["reading an order", 200, (_, id) => ["GET", `/api/orders/${id}`]],
  ["paying", 202, (_, id) => ["POST", `/api/orders/${id}/payment`, { paymentToken: "tok_ok" }]],
  ["canceling", 200, (_, id) => ["DELETE", `/api/orders/${id}`]],
  ["starting a visit", 201, ({ saleId }) => ["POST", `/api/sales/${saleId}/visits`]],
])("%s", (_, served, route) => {
  async function given() {
    const sale = await givenSale({}, { price: 100 });
    const [send, from, buyer] = [shielded(), anAddress(), await aBuyer()];
    const { id } = await bought(buyer, sale.skuId);
    const sendAs = (token: string | undefined) => {
      const [method, path, body] = route(sale, id);
      return send(
        new Request(`${ORIGIN}${path}`, {
          method,
          headers: {
            "cf-connecting-ip": from,
            ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
            ...(body === undefined ? {} : { "content-type": "application/json" }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        }),
      );
    };
    return { sendAs, buyer };
  }

  test("works despite 1,050 forged tokens from the buyer's address", async () => {
    const { sendAs, buyer } = await given();
    await statuses(async (i) => sendAs((await forged(i)).token), FLOOD);
    expect((await sendAs(buyer.token)).status).toBe(served);
  });

  test("works despite 1,050 requests of another account at the address", async () => {
    const { sendAs, buyer } = await given();
    const flooder = await aBuyer();
    await statuses(() => sendAs(flooder.token), FLOOD);
    expect((await sendAs(buyer.token)).status).toBe(served);
  });

  test("works despite 1,050 requests without a token from the address", async () => {
    const { sendAs, buyer } = await given();
    await statuses(() => sendAs(undefined), FLOOD);
    expect((await sendAs(buyer.token)).status).toBe(served);
  });
});

test.each([
  ["/api/login", "application/json", '{"user":"ann"}', 200],
  ["/login", "application/x-www-form-urlencoded", "user=ann&next=/", 303],
])("the demo login at %s is limited by address only", async (path, type, body, ok) => {
  const send = shielded();
  const login = (from: string) =>
    send(
      new Request(`${ORIGIN}${path}`, {
        method: "POST",
        headers: { "cf-connecting-ip": from, origin: ORIGIN, "content-type": type },
        body,
      }),
    );
  const from = anAddress();
  expect(await statuses(() => login(from), FLOOD)).toEqual({ [ok]: SHIELD_LIMIT, 429: 50 });
  expect((await login(anAddress())).status).toBe(ok);
});
