// The object of a line follows its sale: the newest revision, the operator's changes, postponed and deleted sales.
import { describe, expect, test } from "vitest";
import { roundAfter } from "../../src/admission/draw.ts";
import { commitmentOf } from "../../src/admission/history.ts";
import { unique } from "../support/shop.ts";
import {
  CHAIN,
  frontierOf,
  givenLine,
  givenOpenLine,
  inRedis,
  inside,
  line,
  OPENING,
  open,
  putToSleep,
  register,
  tick,
  tickFor,
} from "./object.ts";

const LATER = OPENING + 1_800_000;

describe("a newer revision", () => {
  test("wins over an older one that arrives late, also after a restart", async () => {
    const { saleId, terms } = await givenLine();
    const revised = { ...terms, ratePerSecond: 20 };
    await line(saleId).configure({ saleId, revision: 5, terms: revised });
    await putToSleep(saleId);
    expect(await line(saleId).configure({ saleId, revision: 4, terms })).toEqual(revised);
    expect(await line(saleId).configure({ saleId, revision: 5, terms: null })).toEqual(revised);
  });

  test("keeps the operator's rate, unless the sale's own rate changes", async () => {
    const { saleId, terms } = await givenLine();
    await line(saleId).change({ ratePerSecond: 3 });
    await line(saleId).configure({ saleId, revision: 2, terms });
    expect(await line(saleId).operatorReport()).toMatchObject({ ratePerSecond: 3 });
    await line(saleId).configure({ saleId, revision: 3, terms: { ...terms, ratePerSecond: 7 } });
    expect(await line(saleId).operatorReport()).toMatchObject({ ratePerSecond: 7 });
  });

  test("that postpones the close names another round, and keeps the seed and the arrivals", async () => {
    const { saleId, terms } = await givenLine();
    await register(saleId, 10);
    const before = await line(saleId).draw();
    const postponed = { ...terms, opensAt: LATER, registrationClosesAt: LATER };
    await line(saleId).configure({ saleId, revision: 2, terms: postponed });
    await tick(saleId);
    expect(await line(saleId).draw()).toMatchObject({
      commitment: before?.commitment,
      round: roundAfter(CHAIN, LATER),
    });
    expect((await inRedis(saleId))?.line.registered).toBe(10);
  });

  test("cannot move a close that has passed, or move it into the past", async () => {
    const { saleId, terms, clock } = await givenLine();
    const early = { ...terms, registrationClosesAt: Date.now() - 1 };
    expect(await line(saleId).configure({ saleId, revision: 2, terms: early })).toEqual(terms);
    await open(saleId, clock);
    const draw = await line(saleId).draw();
    const late = { ...terms, mode: "draw" as const, registrationClosesAt: LATER };
    expect(await line(saleId).configure({ saleId, revision: 3, terms: late })).toEqual(terms);
    expect(await line(saleId).draw()).toEqual(draw);
  });
});

describe("the operator", () => {
  test("changes the rate at once, pauses without a rush afterwards, and leaves a notice", async () => {
    const { saleId, clock } = await givenOpenLine();
    await line(saleId).change({ paused: true, notice: "Back in a minute" });
    const before = await frontierOf(saleId);
    await tickFor(saleId, clock, 30);
    expect(await frontierOf(saleId)).toBe(before);
    expect((await inRedis(saleId))?.line).toMatchObject({
      paused: true,
      notice: "Back in a minute",
    });

    await putToSleep(saleId);
    await line(saleId).change({ paused: false, notice: null, ratePerSecond: 50 });
    await tickFor(saleId, clock, 2);
    expect((await frontierOf(saleId)) - before).toBeCloseTo(0.1);
    expect((await inRedis(saleId))?.line).toMatchObject({ notice: null, ratePerSecond: 50 });
  });

  test("sees who was admitted, who bought, and who did not come", async () => {
    const { saleId, clock } = await givenOpenLine();
    await tickFor(saleId, clock, 90);
    const report = await line(saleId).operatorReport();
    expect(report).toMatchObject({
      saleId,
      registered: 1_000,
      bought: 0,
      overshoot: 0,
      over: false,
    });
    expect(report?.admitted).toBeGreaterThan(880);
    expect(report?.noShows).toBeGreaterThan(250);
  });
});

describe("a sale without a line", () => {
  test("has none, and its object neither ticks nor keeps anything", async () => {
    const saleId = unique("line");
    expect(await line(saleId).configure({ saleId, revision: 1, terms: null })).toBeNull();
    expect(await line(saleId).published()).toBeNull();
    expect(await line(saleId).draw()).toBeNull();
    expect(await line(saleId).change({ paused: true })).toBeNull();
    expect(await line(saleId).operatorReport()).toBeNull();
    expect(await line(saleId).report([[1, 1]], 0)).toBe(0);
    expect(await tick(saleId)).toBe(false);
  });

  test("leaves Redis when the sale is deleted, and stops", async () => {
    const { saleId, clock } = await givenLine();
    expect(await inRedis(saleId)).not.toBeNull();
    await line(saleId).configure({ saleId, revision: 2, terms: null });
    await tickFor(saleId, clock, 1);
    expect(await inRedis(saleId)).toBeNull();
    expect(await line(saleId).published()).toBeNull();
    expect(await tick(saleId)).toBe(false);
  });

  test("gets the same line back with the same close, so that nobody is admitted twice or drawn again", async () => {
    const { saleId, terms, clock } = await givenOpenLine();
    await tickFor(saleId, clock, 5);
    const [draw, frontier] = [await line(saleId).draw(), await frontierOf(saleId)];
    await line(saleId).configure({ saleId, revision: 2, terms: null });
    await putToSleep(saleId);
    await line(saleId).configure({ saleId, revision: 3, terms });
    expect(await line(saleId).draw()).toEqual(draw);
    expect(await frontierOf(saleId)).toBe(frontier);
  });

  test("gets a new line with another close: another seed, nobody registered, nobody admitted", async () => {
    const { saleId, terms, clock } = await givenOpenLine();
    await tickFor(saleId, clock, 5);
    const before = await line(saleId).draw();
    await line(saleId).configure({ saleId, revision: 2, terms: null });
    const next = { ...terms, opensAt: LATER, registrationClosesAt: LATER };
    await line(saleId).configure({ saleId, revision: 3, terms: next });
    const draw = await line(saleId).draw();
    expect(draw).toMatchObject({ revealed: false, round: roundAfter(CHAIN, LATER) });
    expect(draw?.commitment).not.toBe(before?.commitment);
    expect((await line(saleId).published())?.line).toMatchObject({ registered: 0, frontier: 0 });
    await putToSleep(saleId);
    expect((await line(saleId).published())?.line).toMatchObject({ registered: 0, frontier: 0 });
  });
});

test("the seed is random, secret in what is published, and the one that the line committed to", async () => {
  const [first, second] = [await givenLine(), await givenLine()];
  const seeds = await Promise.all(
    [first, second].map(({ saleId }) =>
      inside(saleId, (_, { storage }) => {
        const text = storage.sql.exec("SELECT line FROM line").one().line as string;
        return JSON.parse(text).seed as string;
      }),
    ),
  );
  expect(seeds[0]).not.toBe(seeds[1]);
  const draw = await line(first.saleId).draw();
  const bytes = Uint8Array.from(seeds[0]?.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
  expect(draw?.commitment).toBe(commitmentOf(bytes));
  expect(JSON.stringify([draw, await inRedis(first.saleId)])).not.toContain(seeds[0]);
});
