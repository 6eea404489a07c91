// What becomes of an attempt to buy with each of its tries: kept while nobody knows of an order, and no longer.
import { expect, test } from "vitest";
import { type Attempt, become, begin, end, lose, own } from "../../src/pages/browser/attempt.ts";

const fresh = (key: string, quantity = 1): Attempt => ({ key, quantity, at: 0, open: 0 });
/** An attempt with this many tries of which nobody knows. */
const open = (key: string, tries: number, quantity = 1) => ({
  ...fresh(key, quantity),
  open: tries,
});

test("a press begins an attempt; its tries are counted while they are under way", () => {
  const one = begin(fresh("a"), undefined)(undefined);
  expect(one).toEqual(open("a", 1));
  expect(begin(fresh("a"), undefined)(one)).toEqual(open("a", 2));
});

test("while a try is open, another press goes on with its key and its quantity", () => {
  expect(begin(fresh("b", 1), undefined)(open("a", 1, 3))).toEqual(open("a", 2, 3));
});

test("another tab's order is the answer to this press, unless this page shows it already", () => {
  const bought = become(open("a", 1), "order-1")(undefined);
  expect(begin(fresh("b"), undefined)(bought)).toBe(bought);
  expect(begin(fresh("b"), "order-1")(bought)).toEqual(open("b", 1));
});

test.each([
  ["refused, with no other try open", 1, "refused", 0],
  ["refused, while an earlier try is open", 2, "refused", 1],
  ["unknown", 1, "unknown", 1],
  ["over, whatever was open", 3, "over", 0],
] as const)("%s", (_, tries, how, left) => {
  const kept = end(open("a", tries), how)(open("a", tries));
  expect(kept).toEqual(left === 0 ? undefined : open("a", left));
});

test("what the server asked to wait for is kept with the attempt", () => {
  expect(end(open("a", 2), "refused", 5_000)(open("a", 2))?.notBefore).toBe(5_000);
});

test("a try's end says nothing about another attempt, or about one that became an order", () => {
  const other = open("b", 1);
  expect(end(open("a", 1), "over")(other)).toBe(other);
  const bought = become(open("a", 1), "order-1")(undefined);
  expect(end(open("a", 1), "refused")(bought)).toBe(bought);
});

test("an order that was found does not disturb an attempt for one more", () => {
  const attempt = open("a", 1);
  expect(own("order-1")(attempt)).toBe(attempt);
  expect(own("order-1")(undefined)?.orderId).toBe("order-1");
});

test("only the order that is gone is forgotten", () => {
  const bought = become(open("a", 1), "order-1")(undefined);
  expect(lose("order-2")(bought)).toBe(bought);
  expect(lose("order-1")(bought)).toBeUndefined();
});
