// The object of a SKU enforces the sale's line itself, as if nothing stood before it.
import { beforeEach, describe, expect, test } from "vitest";
import { type Pass, signPass } from "../../src/admission/pass.ts";
import { signTicket } from "../../src/admission/ticket.ts";
import { givenClock } from "../support/clock.ts";
import { SIGNING_SECRET } from "../support/http.ts";
import { captureQueue } from "../support/queue.ts";
import { anOffer, START } from "./commands.ts";
import { aReservation, givenUnits, inventory, putToSleep } from "./object.ts";

/** The id of the sale in `anOffer`. */
const SALE = "sale";
const CLOSE = START - 60_000;

const passOf = (frontier: number, changes: Partial<Pass> = {}): string => {
  const pass = { saleId: SALE, frontier, asOf: START, closesAt: CLOSE, draw: null, ...changes };
  return signPass(SIGNING_SECRET, pass);
};

/** The ticket of somebody whose place is `place`, and less than a millisecond. */
const ticketOf = (userId: string, place: number, secret = SIGNING_SECRET): string =>
  signTicket(
    secret,
    { saleId: SALE, userId },
    {
      at: CLOSE + (place - 1) * 1_000,
      challenged: false,
    },
  );

beforeEach(() => {
  captureQueue();
  givenClock(START);
});

async function givenLine(stock = 10): Promise<string> {
  const skuId = await givenUnits(stock);
  const offer = anOffer(stock);
  Object.assign(offer.terms, { skuId, hasLine: true });
  await inventory(skuId).configure({ skuId, revision: 2, offer });
  return skuId;
}

const reserve = (skuId: string, userId: string, sent: { ticket?: string; pass?: string } = {}) =>
  inventory(skuId).reserve(aReservation(skuId, { userId, ...sent }));

describe("an order that reaches the object", () => {
  test("with an admitted ticket gets a unit", async () => {
    const skuId = await givenLine();
    const sent = { ticket: ticketOf("ann", 5), pass: passOf(5.5) };
    expect(await reserve(skuId, "ann", sent)).toMatchObject({ ok: true });
  });

  test("without a valid ticket is refused, even with a pass", async () => {
    const skuId = await givenLine();
    const pass = passOf(100);
    const forged = ticketOf("ann", 5, "x".repeat(32));
    for (const ticket of [undefined, "", "x", forged, ticketOf("bob", 5), passOf(100)]) {
      const sent = { pass, ...(ticket === undefined ? {} : { ticket }) };
      expect(await reserve(skuId, "ann", sent)).toEqual({ ok: false, reason: "ticket_required" });
    }
  });

  test("without a valid pass of this sale is refused", async () => {
    const skuId = await givenLine();
    const ticket = ticketOf("ann", 5);
    const forged = signPass("x".repeat(32), {
      ...{ saleId: SALE, frontier: 100, asOf: START, closesAt: CLOSE, draw: null },
    });
    const early = { ok: false, reason: "not_admitted_yet", place: null };
    for (const pass of [undefined, "", "x", forged, ticket, passOf(100, { saleId: "other" })]) {
      const sent = { ticket, ...(pass === undefined ? {} : { pass }) };
      expect(await reserve(skuId, "ann", sent)).toEqual(early);
    }
  });

  test("before its turn is refused, and named its place", async () => {
    const skuId = await givenLine();
    const refused = await reserve(skuId, "ann", { ticket: ticketOf("ann", 9), pass: passOf(5) });
    expect(refused).toMatchObject({ ok: false, reason: "not_admitted_yet" });
    expect((refused as { place: number }).place).toBeCloseTo(9, 2);
  });

  test("is told first that nothing is left", async () => {
    const skuId = await givenLine(0);
    expect(await reserve(skuId, "ann")).toMatchObject({ reason: "sold_out" });
  });
});

test("a repeat of an accepted order needs neither ticket nor pass", async () => {
  const skuId = await givenLine();
  const order = aReservation(skuId, { userId: "ann" });
  const sent = { ...order, ticket: ticketOf("ann", 5), pass: passOf(6) };
  const first = await inventory(skuId).reserve(sent);
  const again = await inventory(skuId).reserve(order);
  expect(again).toEqual({ ...first, replayed: true });
});

test("the highest frontier that any order has shown counts, though later ones show a lower one", async () => {
  const skuId = await givenLine();
  await reserve(skuId, "ann", {
    ticket: ticketOf("ann", 5),
    pass: passOf(50, { asOf: START + 9 }),
  });
  const behind = { ticket: ticketOf("bob", 40), pass: passOf(20) };
  expect(await reserve(skuId, "bob", behind)).toMatchObject({ ok: true });
  const without = { ticket: ticketOf("cem", 45) };
  expect(await reserve(skuId, "cem", without)).toMatchObject({ ok: true });
});

test("a pass for another sale does not move this one's frontier", async () => {
  const skuId = await givenLine();
  const other = passOf(100, { saleId: "other" });
  await reserve(skuId, "ann", { ticket: ticketOf("ann", 5), pass: passOf(6) });
  await reserve(skuId, "bob", { ticket: ticketOf("bob", 50), pass: other });
  const sent = { ticket: ticketOf("cem", 50), pass: passOf(6) };
  expect(await reserve(skuId, "cem", sent)).toMatchObject({ reason: "not_admitted_yet" });
});

test("an object that slept knows no frontier until an order shows one", async () => {
  const skuId = await givenLine();
  await reserve(skuId, "ann", { ticket: ticketOf("ann", 5), pass: passOf(50) });
  await putToSleep(skuId);
  const ticket = ticketOf("bob", 5);
  expect(await reserve(skuId, "bob", { ticket })).toMatchObject({ reason: "not_admitted_yet" });
  expect(await reserve(skuId, "bob", { ticket, pass: passOf(5.5) })).toMatchObject({ ok: true });
});

test("early places follow from the draw in the pass", async () => {
  const skuId = await givenLine(1_000);
  const draw = { seed: "5e".repeat(32), randomness: "ab".repeat(32) };
  let admitted = 0;
  for (let person = 0; person < 200; person += 1) {
    const userId = `early-${person}`;
    const answer = await reserve(skuId, userId, {
      ticket: ticketOf(userId, 0),
      pass: passOf(0.5, { draw }),
    });
    if (answer.ok) admitted += 1;
  }
  expect(admitted).toBeGreaterThan(70);
  expect(admitted).toBeLessThan(130);
});
