// The comparison of the cost model with what the benchmark counted: a difference is found, and what requests share is not one.
import { expect, test } from "vitest";
import { BYTES } from "../../../src/cost/usage.ts";
import type { CostPerRequest } from "../../../src/local/bench/cost.ts";
import { checkModel } from "../../../src/local/bench/cost-model.ts";
import { renderModel } from "../../../src/local/bench/render.ts";
import type { WakeCost } from "../../../src/local/bench/wake.ts";

/** The counts of a free order in the benchmark, with a poll and a batch of the consumer in it. */
const ORDER: CostPerRequest = {
  redisTrips: { before: 1.01, after: 0.02 },
  redisCommands: { before: 4.01, after: 0.02 },
  objectCalls: { before: 1, after: 0.01 },
  rowsWritten: 4.005,
  alarmsSet: 0,
  queueMessages: 1,
  queueOperations: 3,
};
const WAKE = { bytesPerOrder: BYTES.free, bytesPerPaidOrder: BYTES.paid } as WakeCost;
const FAILED = { ok: false, reason: "not measured" } as const;

const checked = (name: string, value: CostPerRequest, perSecond = 1, wake = WAKE) =>
  checkModel(
    [{ name }],
    [{ ok: true, value }],
    {
      ok: true,
      value: [{ name: "", seconds: 1, commandsPerSecond: perSecond, roundTripsPerSecond: 1 }],
    },
    { ok: true, value: wake },
  );

const differing = (...args: Parameters<typeof checked>) =>
  checked(...args).flatMap(({ what, agrees }) => (agrees ? [] : [what]));

test("the model agrees with the counters of an order", () => {
  expect(checked("order accepted", ORDER)).toHaveLength(8);
  expect(differing("order accepted", ORDER)).toEqual([]);
});

test.each<[string, Partial<CostPerRequest>]>([
  ["rows written", { rowsWritten: 5 }],
  ["object calls", { objectCalls: { before: 2, after: 0.01 } }],
  ["Redis commands", { redisCommands: { before: 4, after: 1 } }],
  ["queue messages", { queueMessages: 2 }],
  ["queue operations", { queueOperations: 4 }],
])("the model differs if an order has one of the %s more", (part, change) => {
  const row = "order accepted";
  expect(differing(row, { ...ORDER, ...change })).toEqual([`${row}: ${part}`]);
});

test("the model differs if a page view costs a Redis command", () => {
  const free = { ...ORDER, rowsWritten: 0, queueMessages: 0, queueOperations: 0 };
  const none = { before: 0, after: 0.02 };
  const view = { ...free, objectCalls: none, redisCommands: none };
  expect(differing("sale page", view)).toEqual([]);
  const asking = { ...view, redisCommands: { before: 1, after: 0 } };
  expect(differing("sale page", asking)).toEqual(["sale page: Redis commands"]);
});

test("the model differs if a colo polls more often, or an order takes more bytes", () => {
  expect(differing("order accepted", ORDER, 1.4)).toHaveLength(1);
  const large = { ...WAKE, bytesPerOrder: BYTES.free * 1.2 };
  expect(differing("order accepted", ORDER, 1, large)).toEqual([
    "a free order: bytes, within 10 %",
  ]);
});

test("the table says which constants differ, and says nothing of what was not measured", () => {
  expect(renderModel(checked("order accepted", { ...ORDER, rowsWritten: 5 }))).toMatch(
    /order accepted: rows written +4 +5 +NO/,
  );
  expect(checkModel([{ name: "order accepted" }], [FAILED], FAILED, FAILED)).toEqual([]);
});
