// The processes of a SKU's lanes in the benchmark: real objects that exchange units across processes, also when one is killed.
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { OrderRef } from "../../../src/inventory/order-id.ts";
import { LaneProcesses } from "../../../src/local/bench/lanes/processes.ts";
import { startRedisWithBridge } from "../../../src/local/stack.ts";
import { makeTempDir } from "../../../src/local/temp-dir.ts";
import { START_TIMEOUT } from "../stack.ts";

const LANES = [0, 1];
/** Enough to spread them at first, and few enough to pool most of them. */
const UNITS = 60;
const DROPS = 8;
/** Only so that a hang ends. */
const LIMIT_MS = 120_000;

const parts = new AsyncDisposableStack();
let processes: LaneProcesses;

beforeAll(async () => {
  const stateDir = makeTempDir("bench-lanes");
  const redis = await startRedisWithBridge(stateDir);
  parts.defer(redis.stop);
  const settings = { stateDir: join(stateDir, "worker"), vars: redis.vars };
  processes = await LaneProcesses.start(LANES.length, settings);
  parts.defer(() => processes.stop());
}, START_TIMEOUT);

afterAll(() => parts.disposeAsync());

async function givenDrops(name: string): Promise<string[]> {
  const skuIds = Array.from({ length: DROPS }, (_, n) => `${name}-${n}`);
  for (const skuId of skuIds) await processes.open(skuId, UNITS, LANES.length);
  return skuIds;
}

/** Has the buyers of one lane come until all SKUs are sold out. @returns the accepted orders */
async function sellOut(lane: number, skuIds: string[], into: OrderRef[] = []): Promise<OrderRef[]> {
  for (const skuId of skuIds) {
    const load = { skuIds: [skuId], lanes: LANES.length, callers: 8, ms: LIMIT_MS };
    const { accepted } = await processes.load(lane, load);
    into.push(...accepted);
  }
  return into;
}

/** Every unit is sold once, each to somebody else, and the orders that buyers know of are there. */
async function expectExact(skuIds: string[], accepted: OrderRef[]): Promise<void> {
  const known = new Set<string>();
  for (const skuId of skuIds) {
    const { stocked, available, held } = await processes.report(skuId);
    expect({ stocked, available, held }).toEqual({ stocked: UNITS, available: 0, held: UNITS });
    const orders = await processes.orders(skuId);
    expect(orders).toHaveLength(UNITS);
    expect(new Set(orders.map(({ userId }) => userId)).size).toBe(UNITS);
    for (const { order } of orders) known.add(order.id);
  }
  expect(accepted.filter(({ orderId }) => !known.has(orderId))).toEqual([]);
}

test("sells exactly the stock when each lane is a process of its own", async () => {
  const skuIds = await givenDrops("alive");
  const accepted = (await Promise.all(LANES.map((lane) => sellOut(lane, skuIds)))).flat();
  expect(accepted).toHaveLength(UNITS * DROPS);
  await expectExact(skuIds, accepted);
  expect(await processes.calls()).toBeGreaterThan(DROPS);
});

test.each([
  ["root", 0],
  ["other lane", 1],
])(
  "sells exactly the stock when the process of the %s is killed in the middle",
  async (name, victim) => {
    const skuIds = await givenDrops(`killed-${victim}`);
    const accepted: OrderRef[] = [];
    const survivor = sellOut(1 - victim, skuIds, accepted);
    const cut = sellOut(victim, skuIds, accepted).then(
      () => `the ${name} sold everything before it was killed`,
      () => "cut",
    );
    await expect.poll(() => accepted.length, { interval: 1, timeout: LIMIT_MS }).toBeGreaterThan(0);
    await processes.kill(victim);
    expect(await cut).toBe("cut");
    await processes.restart(victim);
    await Promise.all([survivor, sellOut(victim, skuIds, accepted)]);
    await expectExact(skuIds, accepted);
  },
);
