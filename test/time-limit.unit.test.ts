// Time limits of calls: what ends them, and that nothing is left of them.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { stopWaiting, withTimeLimit } from "../src/time-limit.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A call that ends only when it is aborted. */
const endless = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });

test("a call that is not answered ends at its limit, as a timeout", async () => {
  const call = withTimeLimit(1_000, endless);
  const outcome = expect(call).rejects.toMatchObject({ name: "TimeoutError" });
  await vi.advanceTimersByTimeAsync(999);
  expect(vi.getTimerCount()).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  await outcome;
});

test("a buyer waits no longer than the limit, although the call goes on", async () => {
  const call = stopWaiting(1_000, () => new Promise<never>(() => {}));
  const outcome = expect(call).rejects.toMatchObject({ name: "TimeoutError" });
  await vi.advanceTimersByTimeAsync(1_000);
  await outcome;
});

test("a buyer gets what the call answers or fails with, and no timer is left", async () => {
  await expect(stopWaiting(1_000, () => Promise.resolve(7))).resolves.toBe(7);
  await expect(stopWaiting(1_000, () => Promise.reject(new Error("late")))).rejects.toThrow("late");
  const broken = () => {
    throw new Error("at once");
  };
  await expect(stopWaiting(1_000, broken)).rejects.toThrow("at once");
  expect(vi.getTimerCount()).toBe(0);
});

test("no timer outlives its call, whether that is answered, fails, or throws at once", async () => {
  const signals: AbortSignal[] = [];
  const calls = Array.from({ length: 300 }, (_, nth) =>
    withTimeLimit(60_000, (signal) => {
      signals.push(signal);
      if (nth % 3 === 2) throw new Error("at once");
      return nth % 3 === 0 ? Promise.resolve(nth) : Promise.reject(new Error("later"));
    }).catch((error: Error) => error.message),
  );
  expect(new Set(await Promise.all(calls))).toContain("later");
  expect(vi.getTimerCount()).toBe(0);
  expect(signals.filter(({ aborted }) => aborted)).toEqual([]);
});
