// Visit tokens: where and how long they count, forged tokens, and limits.
import { beforeAll, beforeEach, expect, test } from "vitest";
import type { ProtectionSettings } from "../../src/catalog/protection.ts";
import { givenClock } from "../support/clock.ts";
import { call, ORIGIN } from "../support/http.ts";
import { captureQueue } from "../support/queue.ts";
import { emptyRedis } from "../support/redis.ts";
import { aBuyer, type Buyer } from "../support/shop.ts";
import { aMoment, anAddress, attempt, behindShield, givenSale, type Scene } from "./scene.ts";

const byScore: ProtectionSettings = { challenge: { mode: "by-score" } };

beforeAll(emptyRedis);
beforeEach(() => void captureQueue());

const aVisit = async (saleId: string, from: string) => {
  const headers = { "cf-connecting-ip": from };
  return call<{ token: string }>("POST", `/api/sales/${saleId}/visits`, { headers });
};

/** Whether an attempt from a hosting network is challenged. It is, unless its visit counts. */
async function isChallenged(sale: Scene, visit: string, from: string, buyer?: Buyer) {
  const answer = await attempt(buyer ?? (await aBuyer()), sale, {
    from,
    visit,
    cf: { asn: 16_509 },
  });
  return answer.code === "challenge_required";
}

test("a visit counts for its sale and its address only", async () => {
  const start = aMoment();
  const clock = givenClock(start);
  const [sale, other] = [await givenSale(byScore), await givenSale(byScore)];
  const [from, person] = [anAddress(), await aBuyer()];
  const { status, headers, body } = await aVisit(sale.saleId, from);
  expect([status, headers.get("cache-control")]).toEqual([201, "no-store"]);

  // Too fast for a person, so from a hosting network it is as suspicious as no visit.
  expect(await isChallenged(sale, body.token, from, person)).toBe(true);
  clock.moveTo(start + 800);
  expect(await isChallenged(sale, body.token, from, person)).toBe(false);
  expect(await isChallenged(other, body.token, from, person)).toBe(true);
  expect(await isChallenged(sale, body.token, anAddress(), person)).toBe(true);
});

test("a visit counts for the whole /64 of an IPv6 customer", async () => {
  const clock = givenClock(aMoment());
  const sale = await givenSale(byScore);
  const { body } = await aVisit(sale.saleId, "2001:db8:5:5::1");
  clock.moveTo(Date.now() + 2_000);
  expect(await isChallenged(sale, body.token, "2001:db8:5:5:aaaa::2")).toBe(false);
  expect(await isChallenged(sale, body.token, "2001:db8:5:6::1")).toBe(true);
});

test("a forged token or another kind of token does not count, and a malformed one is refused", async () => {
  const clock = givenClock(aMoment());
  const sale = await givenSale(byScore);
  const from = anAddress();
  const { token } = (await aVisit(sale.saleId, from)).body;
  const session = (await aBuyer()).token;
  const [head, payload, signature] = token.split(".") as [string, string, string];
  const flipped = (signature.startsWith("A") ? "B" : "A") + signature.slice(1);
  const none = `${btoa('{"alg":"none"}').replaceAll("=", "")}.${payload}.`;
  clock.moveTo(Date.now() + 2_000);

  const forgeries = [`${head}.${payload}.${flipped}`, none, session, "x"];
  for (const forged of forgeries) expect(await isChallenged(sale, forged, from)).toBe(true);
  for (const visit of ["x".repeat(5_000), `${token}, ${token}`, "{}"]) {
    const { code } = await attempt(await aBuyer(), sale, { visit, from });
    expect(code).toBe("invalid_request");
  }
  expect(await isChallenged(sale, token, from)).toBe(false);
});

test("a visit expires after four hours", async () => {
  const start = aMoment();
  const clock = givenClock(start);
  const closesAt = new Date(start + 10 * 3_600_000).toISOString();
  const sale = await givenSale(byScore, {}, { closesAt });
  const from = anAddress();
  const { token } = (await aVisit(sale.saleId, from)).body;
  clock.moveTo(start + 4 * 3_600_000 - 1_000);
  expect(await isChallenged(sale, token, from)).toBe(false);
  clock.moveTo(start + 4 * 3_600_000);
  expect(await isChallenged(sale, token, from)).toBe(true);
});

test("the shield limits visits, including those of the purchase form", async () => {
  const sale = await givenSale(byScore);
  let isOpen = true;
  const send = behindShield((key) => isOpen || !key.startsWith("visit|"));
  const { token } = await aBuyer();
  const headers = { authorization: `Bearer ${token}`, "cf-connecting-ip": anAddress() };
  const sendTo = (method: string, path: string) =>
    send(new Request(`${ORIGIN}${path}`, { method, headers }));
  const form = async () =>
    (await sendTo("GET", `/sales/${sale.saleId}/skus/${sale.skuId}/buy`)).text();
  const visit = () => sendTo("POST", `/api/sales/${sale.saleId}/visits`);
  expect(await form()).toContain('name="visit"');
  expect((await visit()).status).toBe(201);

  isOpen = false;

  expect(await form()).not.toContain('name="visit"');
  const refused = await visit();
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "10"]);
});

test("a visit to an unknown sale is not found", async () => {
  expect((await aVisit("no-such-sale", anAddress())).code).toBe("not_found");
});
