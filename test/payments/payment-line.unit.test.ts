// The line of payments: each order once, first come, first served, and an honest word about the wait.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { OrderMessage } from "../../src/inventory/messages.ts";
import { type LineEntry, PaymentLine, secondsToWait } from "../../src/payments/payment-line.ts";

const about = (orderId: string, version = 1): OrderMessage => ({
  ...{ v: 1, skuId: "sku", lane: 0, userId: "ann" },
  orderId,
  version,
});

const taken = (line: PaymentLine): LineEntry => {
  const entry = line.take();
  if (!entry) throw new Error("the line is empty");
  return entry;
};
const idsIn = (line: PaymentLine): string[] => {
  const ids: string[] = [];
  for (let entry = line.take(); entry; entry = line.take()) ids.push(entry.message.orderId);
  return ids;
};

test("lets orders start in the order of their arrival, each once", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 30 })), (numbers) => {
      const line = new PaymentLine();
      numbers.forEach((number, at) => {
        line.add(about(`${number}`), at);
      });
      expect(idsIn(line)).toEqual([...new Set(numbers.map(String))]);
    }),
  );
});

test("ignores a repeated message while its order runs or rests", () => {
  const line = new PaymentLine();
  line.add(about("a"), 0);
  const entry = taken(line);
  line.add(about("a"), 1);
  expect(line.length).toBe(0);

  line.rest(entry);
  line.add(about("a"), 2);
  expect(line.length).toBe(0);

  line.wake(entry);
  line.wake(entry);
  expect(idsIn(line)).toEqual(["a"]);
  line.done(entry);
  expect(line.size).toBe(0);
});

test("looks again at an order whose newer version arrived while it ran", () => {
  const line = new PaymentLine();
  line.add(about("a"), 0);
  line.add(about("b"), 0);
  const entry = taken(line);
  line.add(about("a", 2), 1);
  line.done(entry);

  expect(taken(line)).toMatchObject({ message: { orderId: "a", version: 2 } });
  line.done(entry);
  expect(idsIn(line)).toEqual(["b"]);
});

test("ends the rest of an order when a newer version arrives", () => {
  const line = new PaymentLine();
  line.add(about("a"), 0);
  const entry = taken(line);
  line.rest(entry);
  expect(entry).toMatchObject({ state: "resting", tries: 1 });

  line.add(about("a", 2), 1);

  expect(taken(line)).toMatchObject({ message: { version: 2 }, tries: 0 });
});

test("tries an order again before the ones that have not had their turn", () => {
  const line = new PaymentLine();
  for (const id of ["a", "b", "c"]) line.add(about(id), 0);
  const entry = taken(line);
  line.rest(entry);
  expect(taken(line)).toMatchObject({ message: { orderId: "b" } });

  line.wake(entry);

  expect(line.view(1)).toMatchObject({ length: 2, points: [[0, 2]] });
  expect(idsIn(line)).toEqual(["a", "c"]);
});

test("refuses further orders when it is full, but no repeated ones", () => {
  const line = new PaymentLine(2);
  expect(["a", "b", "c", "a"].map((id) => line.add(about(id), 0))).toEqual([
    true,
    true,
    false,
    true,
  ]);
});

test("tells each order its own wait, and a new one the whole line", () => {
  const line = new PaymentLine();
  for (let at = 0; at < 3_000; at += 1) line.add(about(`${at}`), at);
  for (let started = 0; started < 600; started += 1) line.take();
  const view = line.view(20);

  expect(view.points.length).toBeLessThanOrEqual(51);
  const secondsOf = (enteredAt: number) => secondsToWait(view, enteredAt);
  expect(secondsOf(0)).toBeLessThanOrEqual(3);
  expect(Math.abs(secondsOf(1_800) - 60)).toBeLessThanOrEqual(3);
  expect(secondsOf(2_999)).toBe(120);
  expect(secondsOf(9_999)).toBe(120);
  expect(secondsToWait(new PaymentLine().view(20), 0)).toBe(1);
});

test("holds orders while charges are paused, without a try, and releases them in order", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.array(fc.nat(19)), (orders, newer) => {
      const line = new PaymentLine();
      for (let i = 0; i < orders; i += 1) line.add(about(`${i}`), i);
      for (let i = 0; i < orders; i += 1) line.hold(taken(line));
      expect([line.length, line.hasHeld, line.view(1).length]).toEqual([0, true, orders]);

      const changed = [...new Set(newer.filter((n) => n < orders).map(String))];
      for (const id of changed) line.add(about(id, 2), 100);
      expect(idsIn(line)).toEqual(changed);

      line.release();
      line.release();
      const rest = Array.from({ length: orders }, (_, i) => `${i}`);
      expect(idsIn(line)).toEqual(rest.filter((id) => !changed.includes(id)));
      expect(line.hasHeld).toBe(false);
    }),
  );
});

test("looks again at once at an order that changed while its charge was refused for a pause", () => {
  const line = new PaymentLine();
  line.add(about("a"), 0);
  const entry = taken(line);
  line.add(about("a", 2), 1);
  line.hold(entry);
  expect(idsIn(line)).toEqual(["a"]);
  expect([entry.tries, line.hasHeld]).toEqual([0, false]);
});
