// How often the client looks at the live stock, and who hears of it.
import { expect, test, vi } from "vitest";
import { createClient } from "../../src/client/index.ts";
import { nextLook } from "../../src/client/live.ts";
import { fakeApi, ok, withoutWaiting } from "./fake-api.ts";

withoutWaiting();

const live = (
  state: "upcoming" | "open" | "closed",
  stock: "available" | "sold_out",
  opens = 0,
) => {
  const asOf = "2026-12-01T09:00:00.000Z";
  const unitPrice = { amount: 0, currency: "USD" };
  const opensAt = new Date(Date.parse(asOf) + opens).toISOString();
  const skus = [{ id: "sku", available: 1, held: 0, state: stock, unitPrice }];
  return { asOf, state, opensAt, closesAt: asOf, revision: 1, skus };
};

test("looks every few seconds while units are left, and rarely once they are sold", () => {
  expect(nextLook(live("open", "available"), 0, 0.5)).toBe(3_000);
  expect(nextLook(live("open", "sold_out"), 0, 0.5)).toBe(30_000);
});

test("looks again as an upcoming sale opens", () => {
  expect(nextLook(live("upcoming", "available", 10_000), 0, 0.5)).toBe(10_000);
  expect(nextLook(live("upcoming", "available", 3_600_000), 0, 0.5)).toBe(30_000);
});

test("looks rarely once the sale is over, and backs off while nothing answers", () => {
  expect(nextLook(live("closed", "available"), 0, 0.5)).toBe(300_000);
  expect(nextLook(live("closed", "available"), 3, 0.5)).toBe(300_000);
  expect(nextLook(undefined, 1, 0.5)).toBe(60_000);
});

const closed = ok(live("closed", "sold_out"));
const open = ok(live("open", "available"));

test("learns that a sale which was over goes on", async () => {
  const states: string[] = [];
  const { live } = createClient(fakeApi(closed, open).options);
  const stop = live.subscribe("drop", ({ state }) => states.push(state));
  await vi.advanceTimersByTimeAsync(400_000);
  expect(states).toEqual(["closed", "open"]);
  stop();
});

test("looks at once for a new listener of a sale that was over", async () => {
  const states: string[] = [];
  const { live } = createClient(fakeApi(closed, open).options);
  const stops = [live.subscribe("drop", () => {})];
  await vi.advanceTimersByTimeAsync(1_000);
  stops.push(live.subscribe("drop", ({ state }) => states.push(state)));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(states).toEqual(["closed", "open"]);
  for (const stop of stops) stop();
});

test("asks nothing more once nobody listens, not even to repeat a lost request", async () => {
  const { sent, options } = fakeApi("lost", "lost");
  createClient(options).live.subscribe("drop", () => {})();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(sent).toHaveLength(1);
});

test("tells the others, and looks again, if a listener throws", async () => {
  const heard = vi.fn();
  const { live } = createClient(fakeApi(open, open).options);
  const thrown = vi.fn(() => {
    throw new Error("a bug of the page");
  });
  const stops = [live.subscribe("drop", thrown), live.subscribe("drop", heard)];
  for (const ms of [1_000, 4_000]) {
    await expect(vi.advanceTimersByTimeAsync(ms)).rejects.toThrow("a bug of the page");
  }
  expect([thrown.mock.calls.length, heard.mock.calls.length]).toEqual([2, 2]);
  for (const stop of stops) stop();
});

test("knows the server's time from the live stock, until it is measured", async () => {
  vi.setSystemTime("2026-12-01T04:00:00.000Z");
  const client = createClient(fakeApi(open).options);
  const stop = client.live.subscribe("drop", () => {});
  await vi.advanceTimersByTimeAsync(1_000);
  stop();
  expect(client.clock.now() - Date.parse("2026-12-01T09:00:00.000Z")).toBeLessThan(5_000);
  expect(client.clock.now()).toBeGreaterThanOrEqual(Date.parse("2026-12-01T09:00:00.000Z"));
});
