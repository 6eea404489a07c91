// The purchase-attempt state machine in the browser: an attempt is stored only while its outcome is unknown.
import { expect, test } from "vitest";
import {
  type Attempt,
  adoptOrder,
  endRequest,
  forgetAttempt,
  forgetOrder,
  recordOrder,
  startRequest,
} from "../../src/pages/browser/attempt.ts";

const fresh = (key: string, quantity = 1): Attempt => ({ key, quantity, at: 0, open: 0 });
/** An attempt with this many unresolved requests. */
const open = (key: string, tries: number, quantity = 1) => ({
  ...fresh(key, quantity),
  open: tries,
});

test("starts an attempt on the first press and counts the requests in flight", () => {
  const one = startRequest(fresh("a"), undefined)(undefined);
  expect(one).toEqual(open("a", 1));
  expect(startRequest(fresh("a"), undefined)(one)).toEqual(open("a", 2));
});

test("reuses the key and quantity of an unresolved attempt on the next press", () => {
  expect(startRequest(fresh("b", 1), undefined)(open("a", 1, 3))).toEqual(open("a", 2, 3));
});

test("answers a press with another tab's order, unless this page already shows that order", () => {
  const bought = recordOrder(open("a", 1), "order-1")(undefined);
  expect(startRequest(fresh("b"), undefined)(bought)).toBe(bought);
  expect(startRequest(fresh("b"), "order-1")(bought)).toEqual(open("b", 1));
});

test.each([
  ["drops the attempt when its only request is refused", 1, "refused", 0],
  ["keeps the attempt when one of two requests is refused", 2, "refused", 1],
  ["keeps the attempt when the outcome is unknown", 1, "unknown", 1],
  ["drops the attempt when the server rules out any order", 3, "over", 0],
] as const)("%s", (_, tries, how, left) => {
  const kept = endRequest(open("a", tries), how)(open("a", tries));
  expect(kept).toEqual(left === 0 ? undefined : open("a", left));
});

test("stores the server's Retry-After time with the attempt", () => {
  expect(endRequest(open("a", 2), "refused", 5_000)(open("a", 2))?.notBefore).toBe(5_000);
});

test("ignores a late result for a different attempt or for one that became an order", () => {
  const other = open("b", 1);
  expect(endRequest(open("a", 1), "over")(other)).toBe(other);
  const bought = recordOrder(open("a", 1), "order-1")(undefined);
  expect(endRequest(open("a", 1), "refused")(bought)).toBe(bought);
});

test("keeps no card once its order is placed, and forgets an attempt of another account", () => {
  const attempt = { ...open("a", 1), paymentToken: "card", payer: "ann" };
  expect(recordOrder(attempt, "order-1")(attempt)).toEqual({ ...fresh("a"), orderId: "order-1" });
  expect(forgetAttempt(attempt)(attempt)).toBeUndefined();
  expect(forgetAttempt(attempt)(open("b", 1))).toEqual(open("b", 1));
});

test("does not overwrite an attempt for a second unit when an earlier order is found", () => {
  const attempt = open("a", 1);
  expect(adoptOrder("order-1")(attempt)).toBe(attempt);
  expect(adoptOrder("order-1")(undefined)?.orderId).toBe("order-1");
});

test("forgets only the order that no longer exists", () => {
  const bought = recordOrder(open("a", 1), "order-1")(undefined);
  expect(forgetOrder("order-2")(bought)).toBe(bought);
  expect(forgetOrder("order-1")(bought)).toBeUndefined();
});
