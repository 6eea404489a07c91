// What it takes to wake a SKU's object with a million finished orders. Each wake happens in a workerd of its own, so that memory
// and caches are those of a cold object.
import { join } from "node:path";
import type { LedgerReport } from "../../inventory/report.ts";
import { buildWorker, startMiniflare, workerOptions } from "../miniflare.ts";
import { makeTempDir } from "../temp-dir.ts";
import { workerdMemory } from "./cpu.ts";
import { reserveCommands } from "./direct-sku.ts";
import { startRedisThread } from "./spawn-redis-thread.ts";
import { COMPARATOR } from "./testbed.ts";

const SKU = "bench-wake";
const ORDERS = 1_000_000;

/** A wake of the object. */
export interface Wake {
  /** Of the first call, from the request to the answer. */
  ms: number;
  /** Of the same call once the object is awake. */
  awakeMs: number;
  rowsRead: number;
  /** Bytes by which the memory of workerd grew. NaN on other systems than Linux. */
  memory: number;
}

export interface WakeCost {
  orders: number;
  /** The first wake after an upgrade from a release without tallies, which counts all orders. */
  counting: Wake;
  later: Wake;
  /** Bytes that the object stores for an order, on average. */
  bytesPerOrder: number;
}

/** @param paymentToken comes with each order, if it is paid */
export async function measureWake(paymentToken?: string): Promise<WakeCost> {
  const stateDir = makeTempDir("bench-wake");
  const redis = await startRedisThread(stateDir);
  const script = await buildWorker(COMPARATOR);
  const withWorker = async <T>(work: (origin: URL) => Promise<T>): Promise<T> => {
    const options = workerOptions(script, redis.vars, COMPARATOR);
    const miniflare = startMiniflare([options], { stateDir: join(stateDir, "worker") });
    try {
      return await work(await miniflare.ready);
    } finally {
      await miniflare.dispose();
    }
  };
  try {
    const bytes = await withWorker((origin) => fill(origin, paymentToken));
    const counting = await withWorker(wake);
    const later = await withWorker(wake);
    return { orders: ORDERS, counting, later, bytesPerOrder: bytes / ORDERS };
  } finally {
    await redis.stop();
  }
}

/** Sells the orders. @returns the bytes that the object stores */
async function fill(origin: URL, paymentToken: string | undefined): Promise<number> {
  const [order] = reserveCommands(SKU, 1);
  const body = { ...order, ...(paymentToken === undefined ? {} : { paymentToken }) };
  const response = await fetch(new URL(`/copies/${SKU}?count=${ORDERS}`, origin), {
    method: "POST",
    body: JSON.stringify(body),
  });
  return Number(await response.text());
}

async function wake(origin: URL): Promise<Wake> {
  const report = async () => {
    const start = performance.now();
    const response = await fetch(new URL(`/report/${SKU}`, origin));
    const { sold, activity } = (await response.json()) as LedgerReport;
    if (sold !== ORDERS) throw new Error(`the object knows ${sold} of ${ORDERS} units sold`);
    return { ms: performance.now() - start, rowsRead: activity.rowsRead };
  };
  await fetch(new URL("/report/another", origin)); // starts the isolate
  const before = workerdMemory();
  const { ms, rowsRead } = await report();
  const memory = workerdMemory() - before;
  return { ms, awakeMs: (await report()).ms, rowsRead, memory };
}
