// The copy of the pages: button labels, stock, countdowns and refusals. Server and browser share it.
import { expect, test } from "vitest";
import type { Stop } from "../../src/catalog/sale-state.ts";
import {
  holdAnnouncement,
  holdPhase,
  secondsLeft,
  shareLeft,
} from "../../src/pages/browser/hold-countdown.ts";
import { outcomeOf } from "../../src/pages/browser/outcome.ts";
import { countdown } from "../../src/pages/browser/sale-countdown.ts";
import { describeOrder, isSettling, type OrderLike } from "../../src/pages/copy/order.ts";
import { type Problem, refusalText } from "../../src/pages/copy/refusal.ts";
import {
  badgeOf,
  buyButton,
  mainStop,
  type Offer,
  type Stock,
  stockText,
} from "../../src/pages/copy/sale.ts";
import { stopWords } from "../../src/pages/copy/stop.ts";
import { wordingIn } from "../../src/pages/page.ts";

const ENGLISH = wordingIn("en");

const offer = (changes: Partial<Offer> = {}): Offer => ({ sale: "open", ...changes });
const none = (state: "held" | "sold_out"): Stock => ({ available: 0, state });

test.each<[string, Partial<Offer>, string, string | undefined]>([
  ["an open sale", {}, "Buy now", undefined],
  ["a second unit", { another: true }, "Buy another", undefined],
  ["an upcoming sale", { sale: "upcoming" }, "Not open yet", "starts here automatically"],
  ["a closed sale", { sale: "closed" }, "Sale ended", "ended"],
  ["a sold-out item", { stock: none("sold_out") }, "Sold out", "Sold out."],
  ["a fully reserved item", { stock: none("held") }, "Try to get one", undefined],
  ["a blocked buyer", { blocked: true }, "Ordering unavailable", "can't accept"],
  ["a rate-limited buyer", { wait: 7 }, "Try again in 7 seconds", "until you can try again"],
  ["a request in flight", { busy: true }, "One moment…", ""],
  [
    "an unresolved order of a sold-out item",
    { pending: true, stock: none("sold_out") },
    "Check my order",
    undefined,
  ],
])("labels the button for %s", (_, changes, label, why) => {
  const words = buyButton(offer(changes), ENGLISH);
  expect(words.label).toBe(label);
  if (why === undefined) expect(words.why).toBeUndefined();
  else expect(words.why).toContain(why);
});

test("shows the stock of an open sale when it is known, with the server's idea of low stock", () => {
  expect(stockText({ available: 3, state: "available" }, "open", ENGLISH)).toBe("3 available");
  expect(stockText({ available: 0, state: "held" }, "open", ENGLISH)).toContain(
    "may become available",
  );
  expect(stockText({ available: 0, state: "sold_out" }, "open", ENGLISH)).toBe("None left");
  expect(stockText({ available: 30, state: "low" }, "open", ENGLISH)).toBe("Only 30 left");
  expect(stockText({ available: 20, state: "available" }, "closed", ENGLISH)).toBe("");
  expect(stockText(undefined, "open", ENGLISH)).toBe("");
});

test.each<[string, (Stock | undefined)[], string]>([
  ["unknown stock", [undefined], "open"],
  ["one item in stock", [none("sold_out"), { available: 1, state: "low" }], "open"],
  ["one of two items reserved", [none("sold_out"), none("held")], "held"],
  ["every item sold", [none("sold_out"), none("sold_out")], "sold_out"],
])("picks the badge of an open sale with %s", (_, stocks, shown) => {
  expect(badgeOf("open", stocks)).toBe(shown);
  expect(badgeOf("closed", stocks)).toBe("closed");
});

const stop = (code: Stop["code"]): Stop => ({
  code,
  cause: code === "sale_closed" ? "closed" : "sale",
  label: "Label",
  why: `Why ${code}.`,
});

test("shows a sale as paused or ended only if none of its items takes orders", () => {
  const [paused, closed] = [stop("sale_paused"), stop("sale_closed")];
  expect(mainStop([paused, undefined])).toBeUndefined();
  expect(mainStop([closed, paused])).toBe(paused);
  expect(mainStop([closed, closed])).toBe(closed);
  expect(badgeOf("open", [undefined], paused)).toBe("paused");
  expect(badgeOf("open", [undefined], closed)).toBe("closed");
  expect(badgeOf("upcoming", [undefined], paused)).toBe("upcoming");
});

test("tells a buyer why an item takes no orders, but sold out and closed come first", () => {
  const notYet = { label: "Label", why: "Why." };
  expect(buyButton({ sale: "open", notYet }, ENGLISH)).toMatchObject(notYet);
  expect(buyButton({ sale: "closed", notYet }, ENGLISH).label).toBe("Sale ended");
  const soldOut = none("sold_out");
  expect(buyButton({ sale: "open", stock: soldOut, notYet }, ENGLISH).label).toBe("Sold out");
});

test("explains a switch in the operator's words, or in those of the page", () => {
  const notice = "We are checking the price.";
  const resumes = "Buying starts here again by itself.";
  expect(stopWords({ cause: "sale", notice }, ENGLISH)).toEqual({
    label: "Paused",
    why: `Paused: ${notice} ${resumes}`,
  });
  expect(stopWords({ cause: "payments" }, ENGLISH).why).toContain("Payments are paused");
  expect(stopWords({ cause: "closed", notice }, ENGLISH).why).toBe(notice);
  const refused = { code: "sale_closed", stop: { cause: "closed" } } as const;
  expect(refusalText(refused, ENGLISH)).toBe("This item is no longer on sale.");
  expect(refusalText({ code: "sale_closed" }, ENGLISH)).toContain("ended");
});

const paid = { unitPrice: { amount: 1_200, currency: "USD" } };

test.each<[string, Partial<OrderLike>, RegExp, boolean]>([
  ["an unpaid reservation", { status: "reserved" }, /Pay before/, false],
  ["a declined card", { status: "reserved", payment: "declined" }, /haven't been charged/, false],
  [
    "a declined last card",
    { status: "reserved", payment: "declined", attemptsLeft: 0 },
    /haven't been charged, but no other card can pay/,
    false,
  ],
  [
    "a bank's question",
    { status: "reserved", payment: "action_required" },
    /^Continue the payment/,
    false,
  ],
  ["a payment in progress", { status: "reserved", payment: "due" }, /while your bank/, true],
  ["a slow payment", { status: "reserved", payment: "processing" }, /still working/, true],
  ["an expired hold", { status: "expired" }, /weren't charged/, false],
  ["an expired hold, voided", { status: "expired", payment: "voided" }, /weren't charged/, false],
  ["an expired hold, declined", { status: "expired", payment: "declined" }, /in time/, false],
  ["an expired hold, unknown", { status: "expired", payment: "due" }, /finding out/, true],
  ["an expired question", { status: "expired", payment: "action_required" }, /finding out/, true],
  ["a late charge", { status: "expired", payment: "refund_due" }, /on its way back/, true],
  [
    "a failed refund",
    { status: "expired", payment: "refund_failed" },
    /hasn't gone through/,
    false,
  ],
  [
    "a refund sent again",
    { status: "refunded", payment: "refund_due" },
    /^The shop refunded/,
    true,
  ],
  ["a refund", { status: "refunded", payment: "refunded" }, /refunded in full/, false],
  ["the shop's refund", { status: "confirmed", payment: "refund_due" }, /on its way back/, true],
  ["the shop's failed refund", { status: "confirmed", payment: "refund_failed" }, /gone/, false],
  [
    "a partial refund",
    { status: "confirmed", payment: "charged", refunded: { amount: 1, currency: "USD" } },
    /Part of your payment/,
    false,
  ],
  [
    "a cancellation, unknown",
    { status: "cancelled", reason: "buyer", payment: "due" },
    /finding out/,
    true,
  ],
])("tells the buyer of %s what is known about the money", (_, order, text, settling) => {
  const like = { ...paid, ...order } as OrderLike;
  expect(describeOrder(like, ENGLISH).text).toMatch(text);
  expect(isSettling(like)).toBe(settling);
  const isOpen = order.status === "expired" && order.payment === "declined";
  const isUnknown = ["due", "processing", "action_required"].includes(order.payment ?? "");
  const isKnown = !isUnknown && !isOpen;
  if (/weren't charged|haven't been charged/.test(describeOrder(like, ENGLISH).text))
    expect(isKnown).toBe(true);
});

test("does not say that an unpaid order was not charged where the shop's own checkout may report a charge late", () => {
  const like = { ...paid, status: "expired" } as const;
  expect(describeOrder(like, ENGLISH, true).text).toBe(
    "Your order wasn't paid in time, so the item is back on sale.",
  );
});

test("names no button while the bank asks, because an order that is paid in the shop's app has none", () => {
  for (const attemptsLeft of [0, 1]) {
    const order = {
      ...paid,
      status: "reserved",
      payment: "action_required",
      attemptsLeft,
    } as const;
    expect(describeOrder(order, ENGLISH).text).not.toMatch(/press|button/i);
  }
});

test("tells the buyer of a free order that the shop canceled it, not that money was refunded", () => {
  const free = { unitPrice: { amount: 0, currency: "USD" } };
  expect(describeOrder({ ...free, status: "refunded" }, ENGLISH).text).toBe(
    "The shop canceled this order.",
  );
  expect(
    describeOrder({ ...free, status: "confirmed", refundedQuantity: 1 }, ENGLISH).text,
  ).toMatch(/part/);
});

test("names who canceled an order, whatever became of its money", () => {
  const textOf = (order: Partial<OrderLike>) =>
    describeOrder({ ...paid, status: "cancelled", ...order } as OrderLike, ENGLISH).text;
  for (const payment of ["declined", "voided", "due", "refund_due"] as const) {
    expect(textOf({ payment, reason: "operator" })).toMatch(/^The shop canceled this order\./);
    expect(textOf({ payment, reason: "buyer" })).toMatch(/^You canceled this order\./);
  }
});

test("offers another card only while one can be tried", () => {
  const textOf = (payment: "declined" | "action_required", attemptsLeft: number) =>
    describeOrder({ ...paid, status: "reserved", payment, attemptsLeft }, ENGLISH).text;
  for (const payment of ["declined", "action_required"] as const) {
    expect(textOf(payment, 1)).toContain("another card");
    expect(textOf(payment, 0)).not.toContain("another card");
  }
});

const declinedText = (reason: string | undefined, attemptsLeft = 1) =>
  describeOrder(
    {
      ...paid,
      status: "reserved",
      payment: "declined",
      attemptsLeft,
      ...(reason === undefined ? {} : { reason }),
    },
    ENGLISH,
  ).text;

test.each([
  "amount_too_small",
  "amount_too_large",
  "invalid_currency",
  "amount_invalid",
  "parameter_invalid_integer",
])("blames no bank and offers no other card for a price that can't be charged: %s", (reason) => {
  const text = declinedText(reason);
  expect(text).toMatch(/^The shop can't charge this price\. You haven't been charged/);
  expect(text).not.toMatch(/bank|another card/);
});

test.each([
  ["invalid_payment_method", /^This payment method can't be used\. You haven't been charged/],
  ["voided", /^This payment was canceled\. You haven't been charged/],
])("blames no bank for a payment that none declined: %s", (reason, words) => {
  expect(declinedText(reason)).toMatch(words);
  expect(declinedText(reason)).toContain("Try another card.");
  expect(declinedText(reason, 0)).toMatch(words);
  expect(declinedText(reason, 0)).not.toMatch(/bank|another card/);
});

// The last two are banks' own codes that look like a shop's mistake.
test.each([
  undefined,
  "card_declined",
  "insufficient_funds",
  "invalid_amount",
  "currency_not_supported",
])("names the bank as the one that declined the card: %s", (reason) => {
  expect(declinedText(reason)).toMatch(/^Your bank declined this card\. You haven't been charged/);
});

const HOUR = 3_600_000;

test("counts down the last two days and shows a date before that", () => {
  const at = Date.UTC(2027, 0, 10);
  expect(countdown("upcoming", at, at + HOUR, at - 49 * HOUR, false, ENGLISH)).toEqual({
    label: "Opens",
    text: ENGLISH.time(new Date(at).toISOString()),
    isDate: true,
  });
  expect(countdown("upcoming", at, at + HOUR, at - 47 * HOUR - 5_000, false, ENGLISH).text).toBe(
    "47:00:05",
  );
  expect(countdown("open", at, at + HOUR, at + HOUR - 65_000, false, ENGLISH)).toMatchObject({
    label: "Ends in",
    text: "1:05",
  });
  // Nobody needs the seconds until the end of a sale that is sold out.
  expect(countdown("open", at, at + HOUR, at + HOUR - 65_000, true, ENGLISH)).toMatchObject({
    label: "Ends",
    isDate: true,
  });
});

const held = { createdAt: "2027-01-10T10:00:00.000Z", expiresAt: "2027-01-10T10:05:00.000Z" };
const created = Date.parse(held.createdAt);

test("never shows a hold as longer than it is, even with a wrong clock", () => {
  expect(secondsLeft(held, created - HOUR)).toBe(300);
  expect(secondsLeft(held, created + 299_001)).toBe(0);
  expect(shareLeft(held, secondsLeft(held, created + 150_000))).toBe(0.5);
});

test("announces the end of a hold at one minute, at 15 seconds and at expiry", () => {
  const counts = Array.from({ length: 80 }, (_, i) => 75 - i);
  const said = counts.flatMap(
    (now, i) => holdAnnouncement(counts[i - 1] ?? Number.NaN, now, ENGLISH) ?? [],
  );
  expect(said).toEqual([
    "One minute left to pay.",
    "15 seconds left to pay.",
    "Your reservation has expired.",
  ]);
  expect([holdPhase(60), holdPhase(59), holdPhase(14)]).toEqual(["", "warn", "last"]);
});

test("extracts times, stock, prices and limits from a refusal", () => {
  const opensAt = "2027-01-10T10:00:00.000Z";
  const early = outcomeOf({ code: "sale_not_open", opensAt }, 30, ENGLISH);
  expect(early.update).toMatchObject({ opensAt, serverTime: Date.parse(opensAt) - 30_000 });
  expect(outcomeOf({ code: "sold_out", available: 2 }, 0, ENGLISH)).toMatchObject({
    text: "Only 2 left. Choose a smaller quantity.",
    update: { available: 2 },
  });
  expect(outcomeOf({ code: "sold_out", available: 0, held: 1 }, 0, ENGLISH)).toMatchObject({
    tone: "wait",
    text: expect.stringContaining("Try again"),
    update: { available: 0, held: 1 },
  });
  const unitPrice = { amount: 5_500, currency: "USD" };
  expect(outcomeOf({ code: "price_changed", unitPrice }, 0, ENGLISH)).toMatchObject({
    tone: "wait",
    text: expect.stringContaining("55.00"),
    update: { unitPrice, available: undefined },
  });
  expect(outcomeOf({ code: "user_limit_reached", orderIds: ["a"] }, 0, ENGLISH)).toMatchObject({
    full: true,
    orderId: "a",
  });
});

test("explains a required wait, with the server's reason when it gives one", () => {
  const words = (problem: Problem) => refusalText({ code: "rate_limited", ...problem }, ENGLISH);
  const title = "Too many requests";
  expect(words({ title, detail: title, retryAfterSeconds: 7 })).toMatch(
    /^Too many attempts\. .* 7 seconds,/,
  );
  expect(words({ title, retryAfterSeconds: 7 })).toMatch(/^Too many attempts\./);
  expect(words({ because: "unpaid", retryAfterSeconds: 300 })).toMatch(/unpaid\. .* 5 minutes,/);
});
