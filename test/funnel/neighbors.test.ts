// Many people share one address. Nothing that one of them sends keeps the others from being served.
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

/** Of the binding in wrangler.toml: calls with one key in its period. */
const SHIELD_LIMIT = 1_000;
const FLOOD = SHIELD_LIMIT + 50;

beforeAll(emptyRedis);
beforeAll(pauseQueue);
beforeEach(suppressLiveStock);

/** The app behind a shield that counts as the real one does, in one period that lasts as long as the test. */
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

/** How often each status was answered. */
async function statuses(send: (i: number) => Promise<Response>, count: number) {
  const tally: Record<number, number> = {};
  for (let i = 0; i < count; i += 50) {
    const chunk = Array.from({ length: Math.min(50, count - i) }, (_, at) => send(i + at));
    for (const { status } of await Promise.all(chunk)) tally[status] = (tally[status] ?? 0) + 1;
  }
  return tally;
}

test("1,050 forged tokens from one address: 20 of 20 fresh buyers behind it are served", async () => {
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

test("a forgery costs a signature check and no more, within the limit and above it", async () => {
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

test("one account that sends 1,050 attempts silences neither a recognized neighbor nor a fresh one", async () => {
  givenClock(aMoment());
  const sale = await givenSale();
  const [send, from] = [shielded(), anAddress()];
  const [greedy, known, fresh] = [await aBuyer(), await aBuyer(), await aBuyer()];
  const buy = (buyer: Buyer) => send(orderRequest(buyer, sale, { from }));
  expect((await buy(known)).status).toBe(202);

  expect(await statuses(() => buy(greedy), FLOOD)).toEqual({ 202: 20, 429: FLOOD - 20 });

  expect((await buy(known)).status).toBe(202);
  expect((await buy(fresh)).status).toBe(202);
});

test("an account that never answers its challenge silences no neighbor", async () => {
  const sale = await givenSale({
    challenge: { mode: "by-score" },
    autoBlock: { ignoredChallenges: 1_000 },
  });
  const [send, from] = [shielded(), anAddress()];
  const [greedy, neighbor] = [await aBuyer(), await aBuyer()];
  const buy = (buyer: Buyer) => send(orderRequest(buyer, sale, { from }));
  expect((await buy(neighbor)).status).toBe(403);

  expect(await statuses(() => buy(greedy), FLOOD)).toEqual({ 403: SHIELD_LIMIT, 429: 50 });

  expect((await buy(neighbor)).status).toBe(403); // asked, not silenced
});

describe.each<[string, number, (sale: Scene, orderId: string) => [string, string, unknown?]]>([
  ["one's orders", 200, () => ["GET", "/api/orders"]],
  ["an order", 200, (_, id) => ["GET", `/api/orders/${id}`]],
  ["paying", 202, (_, id) => ["POST", `/api/orders/${id}/payment`, { paymentToken: "tok_ok" }]],
  ["giving back", 200, (_, id) => ["DELETE", `/api/orders/${id}`]],
  ["a visit", 201, ({ saleId }) => ["POST", `/api/sales/${saleId}/visits`]],
])("%s", (_, served, route) => {
  async function given() {
    const sale = await givenSale({}, { price: 100 });
    const [send, from, buyer] = [shielded(), anAddress(), await aBuyer()];
    const { id } = await bought(buyer, sale.skuId);
    const ask = (token: string | undefined) => {
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
    return { ask, buyer };
  }

  test("1,050 forged tokens from the buyer's address are in nobody's way", async () => {
    const { ask, buyer } = await given();
    await statuses(async (i) => ask((await forged(i)).token), FLOOD);
    expect((await ask(buyer.token)).status).toBe(served);
  });

  test("1,050 requests of another account at the address are in nobody's way", async () => {
    const { ask, buyer } = await given();
    const greedy = await aBuyer();
    await statuses(() => ask(greedy.token), FLOOD);
    expect((await ask(buyer.token)).status).toBe(served);
  });

  test("1,050 requests without a token are in no buyer's way", async () => {
    const { ask, buyer } = await given();
    await statuses(() => ask(undefined), FLOOD);
    expect((await ask(buyer.token)).status).toBe(served);
  });
});

test.each([
  ["/api/login", "application/json", '{"user":"ann"}', 200],
  ["/login", "application/x-www-form-urlencoded", "user=ann&next=/", 303],
])(
  "the demo login at %s is counted by address, and by that alone",
  async (path, type, body, ok) => {
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
  },
);
