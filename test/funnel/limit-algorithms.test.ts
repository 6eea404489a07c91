// The algorithms of the limits, to the attempt and the millisecond.
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { givenClock } from "../support/clock.ts";
import { captureQueue } from "../support/queue.ts";
import { emptyRedis } from "../support/redis.ts";
import { aBuyer, suppressLiveStock } from "../support/shop.ts";
import { LIMIT, limitOf, passed, START, WINDOW } from "./limited.ts";
import { attempt, givenSale } from "./scene.ts";

beforeAll(emptyRedis);
beforeEach(() => {
  captureQueue();
  suppressLiveStock();
});

describe("fixed window", () => {
  test("allows the limit from the window's first millisecond to its last, then again", async () => {
    const clock = givenClock(START);
    const sale = await givenSale({ limits: { order: { user: limitOf("fixed-window") } } });
    const buyer = await aBuyer();

    expect(await passed(buyer, sale, LIMIT + 1)).toBe(LIMIT);
    clock.moveTo(START + WINDOW - 1);
    expect(await passed(buyer, sale, 2)).toBe(0);
    clock.moveTo(START + WINDOW);
    expect(await passed(buyer, sale, LIMIT + 1)).toBe(LIMIT);
  });

  test("a burst around a window's edge gets twice the limit, and not one more", async () => {
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
  test("a burst around a window's edge gets the limit once", async () => {
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
  ])("with %d of the next window gone, that share of the limit is free", async (share, free) => {
    const clock = givenClock(START);
    const sale = await givenSale({ limits: { order: { user: limitOf("sliding-window") } } });
    const buyer = await aBuyer();

    await passed(buyer, sale, LIMIT);
    clock.moveTo(START + WINDOW + share * WINDOW);

    expect(await passed(buyer, sale, LIMIT + 1)).toBe(free);
  });

  test("a refusal holds only until the next attempt may be free", async () => {
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

  test("after a whole window without attempts the whole limit is free", async () => {
    const clock = givenClock(START);
    const sale = await givenSale({ limits: { order: { user: limitOf("sliding-window") } } });
    const buyer = await aBuyer();

    await passed(buyer, sale, LIMIT);
    clock.moveTo(START + 2 * WINDOW);

    expect(await passed(buyer, sale, LIMIT + 1)).toBe(LIMIT);
  });
});

describe("token bucket", () => {
  test("starts full, and is full again one window after the first attempt, not before", async () => {
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

  test("a burst just before and after the refill gets two buckets, and not one more", async () => {
    const clock = givenClock(START);
    const sale = await givenSale({ limits: { order: { user: limitOf("token-bucket") } } });
    const buyer = await aBuyer();

    await passed(buyer, sale, 1);
    clock.moveTo(START + WINDOW - 1);
    expect(await passed(buyer, sale, 2 * LIMIT)).toBe(LIMIT - 1);
    clock.moveTo(START + WINDOW);
    expect(await passed(buyer, sale, 2 * LIMIT)).toBe(LIMIT);
  });

  test("never holds more than its size, however long nobody came", async () => {
    const clock = givenClock(START);
    const sale = await givenSale({ limits: { order: { user: limitOf("token-bucket") } } });
    const buyer = await aBuyer();

    await passed(buyer, sale, LIMIT);
    clock.moveTo(START + 10 * WINDOW);

    expect(await passed(buyer, sale, 3 * LIMIT)).toBe(LIMIT);
  });
});
