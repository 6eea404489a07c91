// Pages of a user's orders, merged from Redis and the ledgers. Consecutive pages must contain every order once, in its
// newest state.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Order } from "../../src/inventory/order.ts";
import { newOrderId } from "../../src/inventory/order-id.ts";
import {
  decodePosition,
  encodePosition,
  ledgersToRead,
  type Mine,
  type Position,
  toPage,
} from "../../src/orders/page.ts";

const NOW = Date.parse("2026-11-20T12:00:00Z");
const SKUS = ["a", "b", "c"];

const anOrder = fc
  .record({
    skuId: fc.constantFrom(...SKUS),
    minutes: fc.integer({ min: 0, max: 30 }),
    status: fc.constantFrom<Order["status"]>("reserved", "confirmed", "cancelled"),
    version: fc.integer({ min: 1, max: 3 }),
    /** What Redis has: this version, an older one, an unreadable text, or only the mark. */
    inRedis: fc.constantFrom("same", "older", "unreadable", "marked"),
  })
  .map(({ skuId, minutes, status, version, inRedis }) => {
    const createdAt = new Date(NOW - minutes * 60_000).toISOString();
    const order = { id: newOrderId({ skuId, lane: 0 }), skuId, createdAt, status, version };
    return { order: order as Order, inRedis };
  });

test("consecutive pages contain every order once, newest first, in its newest state", () => {
  fc.assert(
    fc.property(fc.array(anOrder, { maxLength: 130 }), (orders) => {
      const mine: Mine = { stored: [], marks: [], incomplete: false };
      for (const { order, inRedis } of orders) {
        const { id } = order;
        const at = Date.parse(order.createdAt);
        if (inRedis === "marked") mine.marks.push({ orderId: id, at });
        else if (inRedis === "unreadable") mine.stored.push({ id, text: "x", order: undefined });
        else if (inRedis === "same") mine.stored.push({ id, text: "", order });
        else
          mine.stored.push({ id, text: "", order: { ...order, status: "reserved", version: 0 } });
      }
      const read: Order[] = [];
      let after: Position | null = null;
      do {
        const answers = new Map(
          ledgersToRead(mine, after).map((skuId) => [
            skuId,
            orders.map(({ order }) => order).filter((order) => order.skuId === skuId),
          ]),
        );
        const page = toPage(mine, answers, after, NOW);
        expect(page.incomplete).toBe(false);
        expect(page.obsoleteMarks).toEqual([]);
        read.push(...page.orders);
        after = page.next ?? null;
        if (after) expect(decodePosition(encodePosition(after))).toEqual(pick(after));
      } while (after);

      const newestFirst = (a: Position, b: Position) =>
        b.createdAt.localeCompare(a.createdAt) || b.id.localeCompare(a.id);
      expect(read).toEqual(orders.map(({ order }) => order).sort(newestFirst));
    }),
  );
});

const pick = ({ createdAt, id }: Position): Position => ({ createdAt, id });

test("a page is incomplete if a ledger does not answer, and nothing is repaired without that answer", () => {
  const id = newOrderId({ skuId: "a", lane: 0 });
  const marks = [{ orderId: id, at: NOW - 60_000 }];
  const unreadable = { id: newOrderId({ skuId: "b", lane: 0 }), text: "x", order: undefined };
  const mine = { stored: [unreadable], marks, incomplete: false };
  const page = toPage(mine, new Map([["a", undefined]]), null, NOW);
  expect(page).toMatchObject({ orders: [], incomplete: true, obsoleteMarks: [], unreadable: [] });
});

test("a mark is obsolete if the ledger has no such order and its attempt can no longer be in flight", () => {
  const mark = (seconds: number) => ({
    orderId: newOrderId({ skuId: "a", lane: 0 }),
    at: NOW - seconds * 1_000,
  });
  const [fresh, old] = [mark(29), mark(30)];
  const mine = { stored: [], marks: [fresh, old], incomplete: false };
  expect(toPage(mine, new Map([["a", []]]), null, NOW)).toMatchObject({
    incomplete: false,
    obsoleteMarks: [old],
  });
});
