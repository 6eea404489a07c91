// A line whose sale takes no orders, because an operator paused it: it stands still, and goes on where it stood.
import { afterEach, expect, test } from "vitest";
import { givenSwitches, noSwitches } from "../support/switches.ts";
import {
  frontierOf,
  givenLine,
  inRedis,
  inside,
  line,
  open,
  putToSleep,
  register,
  tickFor,
} from "./object.ts";

afterEach(noSwitches);

test("admits nobody while everything is read-only, and loses no time by it", async () => {
  const { saleId, clock } = await givenLine();
  await register(saleId, 1_000);
  await open(saleId, clock);
  await tickFor(saleId, clock, 5);
  const before = await frontierOf(saleId);
  const { noShows } = (await line(saleId).operatorReport()) ?? { noShows: -1 };

  await givenSwitches({ name: "readOnly", value: true });
  await putToSleep(saleId); // reads the switches anew
  await tickFor(saleId, clock, 90);
  expect(await frontierOf(saleId)).toBe(before);
  expect((await inRedis(saleId))?.line.paused).toBe(true);
  const report = await line(saleId).operatorReport();
  expect(report).toMatchObject({ paused: false, noShows });

  await givenSwitches({ name: "readOnly", value: false });
  await putToSleep(saleId);
  await tickFor(saleId, clock, 10);
  expect((await inRedis(saleId))?.line.paused).toBe(false);
  // About ten people a second of a thousand, as before the pause.
  expect((await frontierOf(saleId)) - before).toBeCloseTo(0.1, 1);
});

test("ticks no more often while it is stopped", async () => {
  const { saleId, clock } = await givenLine();
  await register(saleId, 1_000);
  await open(saleId, clock);
  await givenSwitches({ name: "readOnly", value: true });
  await putToSleep(saleId);
  await tickFor(saleId, clock, 2);
  const next = await inside(saleId, (_, { storage }) => storage.getAlarm());
  expect((next ?? 0) - Date.now()).toBe(1_000);
});
