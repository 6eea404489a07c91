// The algorithms of the limits, tested to the exact attempt and millisecond.
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { givenClock } from "../support/clock.ts";
import { captureQueue } from "../support/queue.ts";
import { emptyRedis } from "../support/redis.ts";
import { aBuyer, suppressLiveStock } from "../support/shop.ts";
import { LIMIT, limitOf, passed, START, WINDOW } from "./limit-helpers.ts";
import { attempt, givenSale } from "./scene.ts";

beforeAll(emptyRedis);
beforeEach(() => {
  captureQueue();
  suppressLiveStock();
});

describe("fixed window", () => {
  test("allows the limit once per window, to the millisecond", async () => {
    const clock = givenClock(START);
    const sale = await givenSale({ limits: { order: { user: limitOf("fixed-window") } } });
    const buyer = await aBuyer();

    expect(await passed(buyer, sale, LIMIT + 1)).toBe(LIMIT);
    clock.moveTo(START + WINDOW - 1);
    expect(await passed(buyer, sale, 2)).toBe(0);
    clock.moveTo(START + WINDOW);
    expect(await passed(buyer, sale, LIMIT + 1)).toBe(LIMIT);
  });

  test("allows at most twice the limit in a burst across two windows", async () => {
    const clock = givenClock(START + WINDOW - 1);
    const sale = await givenSale({ limits: { order: { user: limitOf("fixed-window") } } });
    const buyer = await aBuyer();

    const before = await passed(buyer, sale, 2 * LIMIT);
    clock.moveTo(START + WINDOW);
    const after = await passed(buyer, sale, 2 * LIMIT);

    expect([before, after]).toEqual([LIMIT, LIMIT]);
  });
});

describe("sliding window", () => {
  test("allows the limit once in a burst across two windows", async () => {
    const clock = givenClock(START + WINDOW - 1);
    const sale = await givenSale({ limits: { order: { user: limitOf("sliding-window") } } });
    const buyer = await aBuyer();

    expect(await passed(buyer, sale, 2 * LIMIT)).toBe(LIMIT);
    clock.moveTo(START + WINDOW);
    expect(await passed(buyer, sale, 2 * LIMIT)).toBe(0);
  });

  test.each([
    [0.25, 1],
    [0.5, 2],
    [0.75, 3],
  ])("frees a share of the limit after %d of the next window", async (share, free) => {
    const clock = givenClock(START);
    const sale = await givenSale({ limits: { order: { user: limitOf("sliding-window") } } });
    const buyer = await aBuyer();

    await passed(buyer, sale, LIMIT);
    clock.moveTo(START + WINDOW + share * WINDOW);

    expect(await passed(buyer, sale, LIMIT + 1)).toBe(free);
  });

  test("refuses only until the next attempt may be free", async () => {
    const clock = givenClock(START);
    const sale = await givenSale({ limits: { order: { user: limitOf("sliding-window") } } });
    const buyer = await aBuyer();
    await passed(buyer, sale, LIMIT);

    clock.moveTo(START + WINDOW);
    const { code, headers } = await attempt(buyer, sale);
    clock.moveTo(START + 1.75 * WINDOW);

    expect([code, headers.get("retry-after")]).toEqual(["rate_limited", String(60 / LIMIT)]);
    expect(await passed(buyer, sale, LIMIT)).toBe(3);
  });

  test("allows the full limit after a whole window without attempts", async () => {
    const clock = givenClock(START);
    const sale = await givenSale({ limits: { order: { user: limitOf("sliding-window") } } });
    const buyer = await aBuyer();

    await passed(buyer, sale, LIMIT);
    clock.moveTo(START + 2 * WINDOW);

    expect(await passed(buyer, sale, LIMIT + 1)).toBe(LIMIT);
  });
});

describe("token bucket", () => {
  test("starts full and refills one window after the first attempt, not before", async () => {
    const begin = START + 12_345;
    const clock = givenClock(begin);
    const sale = await givenSale({ limits: { order: { user: limitOf("token-bucket") } } });
    const buyer = await aBuyer();

    expect(await passed(buyer, sale, LIMIT + 1)).toBe(LIMIT);
    clock.moveTo(begin + WINDOW - 1);
    expect(await passed(buyer, sale, 1)).toBe(0);
    clock.moveTo(begin + WINDOW);
    expect(await passed(buyer, sale, LIMIT + 1)).toBe(LIMIT);
  });

  test("allows at most two buckets in a burst around the refill", async () => {
    const clock = givenClock(START);
    const sale = await givenSale({ limits: { order: { user: limitOf("token-bucket") } } });
    const buyer = await aBuyer();

    await passed(buyer, sale, 1);
    clock.moveTo(START + WINDOW - 1);
    expect(await passed(buyer, sale, 2 * LIMIT)).toBe(LIMIT - 1);
    clock.moveTo(START + WINDOW);
    expect(await passed(buyer, sale, 2 * LIMIT)).toBe(LIMIT);
  });

  test("never holds more than its size, even after a long pause", async () => {
    const clock = givenClock(START);
    const sale = await givenSale({ limits: { order: { user: limitOf("token-bucket") } } });
    const buyer = await aBuyer();

    await passed(buyer, sale, LIMIT);
    clock.moveTo(START + 10 * WINDOW);

    expect(await passed(buyer, sale, 3 * LIMIT)).toBe(LIMIT);
  });
});
