// The orders that an object remembers so as not to read their rows.
import { expect, test } from "vitest";
import type { OrderRow } from "../../src/inventory/order.ts";
import { RecentOrders } from "../../src/inventory/recent-orders.ts";

const row = (orderId: string, versions: Pick<OrderRow, "version" | "acknowledged">) =>
  ({ userId: "ann", orderId, ...versions }) as OrderRow;

test("an order is found in its latest version until it is acknowledged", () => {
  const recent = new RecentOrders();
  recent.note(row("a", { version: 1, acknowledged: 0 }));
  const confirmed = row("a", { version: 2, acknowledged: 0 });
  recent.note(confirmed);
  expect(recent.find({ userId: "ann", orderId: "a" })).toBe(confirmed);
  recent.note({ ...confirmed, acknowledged: 2 });
  expect(recent.find({ userId: "ann", orderId: "a" })).toBeUndefined();
});

test("an order of somebody else is never found, whoever guesses its id", () => {
  const recent = new RecentOrders();
  recent.note(row("a", { version: 1, acknowledged: 0 }));
  expect(recent.find({ userId: "bob", orderId: "a" })).toBeUndefined();
});

test("two thousand orders are remembered, however many wait for the consumer", () => {
  const recent = new RecentOrders();
  for (let n = 0; n < 2_100; n += 1) recent.note(row(`${n}`, { version: 1, acknowledged: 0 }));
  const isKnown = (n: number) => recent.find({ userId: "ann", orderId: `${n}` }) !== undefined;
  expect([99, 100, 2_099].map(isKnown)).toEqual([false, true, true]);
});
