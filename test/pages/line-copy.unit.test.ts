// The copy of a sale's line: people ahead, number in line, the wait, units and prices. Estimates say that they are.
import { expect, test } from "vitest";
import type { PublicLine } from "../../src/admission/public-line.ts";
import {
  countText,
  type LineState,
  lineText,
  operatorNotice,
  outlookOf,
  waitText,
} from "../../src/pages/copy/line.ts";
import { numberText, priceText, unitsText } from "../../src/pages/copy/line-figures.ts";
import { wordingIn } from "../../src/pages/page.ts";

const ENGLISH = wordingIn("en");

const OPENS_AT = Date.UTC(2026, 11, 1, 9);
const iso = (ms: number): string => new Date(OPENS_AT + ms).toISOString();

const aLine = (change: Partial<PublicLine> = {}): PublicLine => ({
  asOf: iso(60_000),
  mode: "queue",
  opensAt: iso(0),
  registrationOpensAt: iso(-900_000),
  registrationClosesAt: iso(0),
  frontier: 0.1,
  registered: 12_345,
  waiting: 11_000,
  admittedPerSecond: 10,
  ratePerSecond: 10,
  arrivals: [
    [0, 0],
    [1, 12_345],
  ],
  paused: false,
  over: false,
  mayReturn: false,
  notice: null,
  pollSeconds: 2,
  soonestEndSeconds: 3_600,
  historyHash: "0".repeat(64),
  ...change,
});

const waitingAt = (place: number | null, change: Partial<LineState> = {}): LineState => ({
  line: aLine(),
  registration: { opensAt: OPENS_AT - 900_000, closesAt: OPENS_AT },
  joined: true,
  place,
  units: { free: 20_000, held: 0 },
  now: OPENS_AT + 60_000,
  ...change,
});

/** Each person has a point on the curve. */
const counted = aLine({
  frontier: 1,
  registered: 4,
  arrivals: [
    [0, 0],
    [1, 1],
    [2, 2],
    [3, 3],
    [4, 4],
  ],
});

const numberOf = (...args: Parameters<typeof waitingAt>): string => {
  const { line, place } = waitingAt(...args);
  return numberText(line, place, ENGLISH);
};

const text = (state: LineState) => lineText(state, ENGLISH);

test("calls estimated people ahead and an estimated number an estimate, with two digits", () => {
  expect(text(waitingAt(0.5))).toBe("About 4,900 people are ahead of you.");
  expect(numberOf(0.5)).toBe("About number 6,200 of 12,345");
  expect(text(waitingAt(0.10001))).toBe("You're one of the next.");
});

test("states counted people ahead and a counted number as they are", () => {
  const line = counted;
  expect(text(waitingAt(3.9, { line }))).toBe("2 people are ahead of you.");
  expect(numberOf(3.9, { line })).toBe("Number 4 of 4");
  expect(text(waitingAt(1.9, { line }))).toBe("You're next.");
});

test("says how many people are in line until the visitor has a number", () => {
  expect(countText(waitingAt(null), ENGLISH)).toBe(
    "12,345 people have joined, 11,000 are waiting.",
  );
  expect(countText(waitingAt(0.5), ENGLISH)).toBe("");
  expect(countText(waitingAt(null, { line: aLine({ over: true }) }), ENGLISH)).toBe("");
});

test("says that the beacon is late, and what the operator says", () => {
  const line = aLine({ notice: "Back at noon", beaconLate: true });
  const state = waitingAt(null, { line });
  expect(text(state)).toContain("We're waiting for the public random number");
  expect(operatorNotice(line)).toBe("Back at noon");
  expect(operatorNotice(aLine({ notice: "beacon_late", beaconLate: true }))).toBe("");
});

test("shows no number before the draw", () => {
  expect(numberOf(null)).toBe("");
  expect(numberOf(0.5, { line: undefined })).toBe("");
});

test.each<[string, Partial<LineState>, string, RegExp]>([
  ["a turn in minutes", { place: 0.2 }, "soon", /^Your turn comes in 2 to 3 minutes\.$/],
  [
    "a turn in hours",
    { line: aLine({ admittedPerSecond: 0.5, ratePerSecond: 0.5 }) },
    "soon",
    /in 2 to 4 hours\.$/,
  ],
  [
    "too few units",
    { units: { free: 30, held: 7 } },
    "unlikely",
    /^Only 37 units are left, so your/,
  ],
  ["one unit", { units: { free: 1, held: 0 } }, "unlikely", /^Only 1 unit is left/],
  ["held units", { line: aLine({ mayReturn: true }) }, "held", /reserved/],
  ["a pause", { line: aLine({ paused: true }) }, "paused", /paused/],
  ["no connection", { isCut: true }, "cut", /can't be reached/],
  ["no line yet", { line: undefined }, "unknown", /^$/],
  [
    "no ticket before the draw",
    { joined: false, place: null, now: OPENS_AT - 1 },
    "unknown",
    /same chance/,
  ],
  ["no ticket after it", { joined: false, place: null }, "unknown", /after everyone/],
  ["a ticket before the draw", { place: null, now: OPENS_AT - 1 }, "unknown", /You can leave/],
  ["a draw in progress", { place: null }, "unknown", /^$/],
])("says what to expect with %s", (_, change, outlook, words) => {
  const state = { ...waitingAt(0.5), ...change };
  expect(outlookOf(state)).toBe(outlook);
  expect(waitText(state, ENGLISH)).toMatch(words);
});

test("counts reserved units apart from free ones, and none if the stock is not known", () => {
  expect(unitsText(waitingAt(0.5).units, ENGLISH)).toBe("20,000");
  expect(unitsText({ free: 0, held: 25 }, ENGLISH)).toBe("0, and 25 reserved");
  expect(unitsText(undefined, ENGLISH)).toBe("");
});

test("states one price, or the range from the lowest to the highest", () => {
  const usd = (amount: number) => ({ amount, currency: "USD" });
  const price = (...amounts: number[]) => priceText(amounts.map(usd), ENGLISH);
  const [low, high] = [ENGLISH.price(2_000, "USD"), ENGLISH.price(3_500, "USD")];
  expect(price(3_500)).toBe(high);
  expect(price(3_500, 3_500)).toBe(high);
  expect(price(3_500, 2_000, 3_000)).toBe(`${low} to ${high}`);
  expect(price(0, 3_500)).toBe(`Free to ${high}`);
  expect(price()).toBe("");
});
