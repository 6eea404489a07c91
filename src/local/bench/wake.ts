// What it takes to wake a SKU's object with a million finished orders, in a workerd without other work.
import { join } from "node:path";
import type { LedgerReport } from "../../inventory/report.ts";
import { buildWorker, startMiniflare, workerOptions } from "../miniflare.ts";
import { median } from "../stats.ts";
import { makeTempDir } from "../temp-dir.ts";
import { workerdMemory } from "./cpu.ts";
import { reserveCommands } from "./direct-sku.ts";
import { startRedisThread } from "./spawn-redis-thread.ts";
import { COMPARATOR } from "./testbed.ts";

const SKU = "bench-wake";
const ORDERS = 1_000_000;
/** Orders of the objects that show how many bytes an order takes. */
const SIZED_ORDERS = 50_000;
const TOKEN = "ctoken_1QxXxXxXxXxXxXxXxXxXxXxX";
/** Wakes whose median counts. */
const WAKES = 5;

/** A wake of the object. */
export interface Wake {
  /** Of the call that wakes it, from the request to the answer. */
  ms: number;
  rowsRead: number;
  /** Bytes by which the memory of workerd grew. NaN on other systems than Linux. */
  memory: number;
}

export interface WakeCost {
  orders: number;
  /** The first wake after an upgrade from a release without tallies, which counts all orders. */
  counting: Wake;
  later: Wake;
  /** Bytes that an object stores for a free order, on average, and for a paid one. */
  bytesPerOrder: number;
  bytesPerPaidOrder: number;
}

export async function measureWake(): Promise<WakeCost> {
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
    const sizes = await withWorker(async (origin) => {
      await fill(origin, SKU, ORDERS);
      const sized = { bytesPerOrder: "", bytesPerPaidOrder: TOKEN };
      const bytes = Object.entries(sized).map(async ([name, token]) => {
        return [name, (await fill(origin, name, SIZED_ORDERS, token)) / SIZED_ORDERS];
      });
      return Object.fromEntries(await Promise.all(bytes));
    });
    const counting = await withWorker(wake);
    const later = await withWorker(wakeOften);
    return { orders: ORDERS, counting, later, ...sizes };
  } finally {
    await redis.stop();
  }
}

/** Sells the orders. @returns the bytes that the object stores */
async function fill(origin: URL, sku: string, count: number, token = ""): Promise<number> {
  const [order] = reserveCommands(sku, 1);
  const path = `/copies/${sku}?count=${count}&scattered=${count === SIZED_ORDERS}`;
  const response = await fetch(new URL(path, origin), {
    method: "POST",
    body: JSON.stringify({ ...order, ...(token ? { paymentToken: token } : {}) }),
  });
  return Number(await response.text());
}

async function report(origin: URL, sku: string): Promise<LedgerReport | null> {
  const response = await fetch(new URL(`/report/${sku}`, origin));
  return (await response.json()) as LedgerReport | null;
}

/** The first wake in this workerd. */
async function wake(origin: URL): Promise<Wake> {
  await report(origin, "another"); // starts the isolate
  const before = workerdMemory();
  const start = performance.now();
  const answer = await report(origin, SKU);
  const ms = performance.now() - start;
  if (answer?.sold !== ORDERS) throw new Error(`the object knows ${answer?.sold} orders`);
  return { ms, rowsRead: answer.activity.rowsRead, memory: workerdMemory() - before };
}

/** Memory of the first wake, and the median time of those that follow it. */
async function wakeOften(origin: URL): Promise<Wake> {
  const first = await wake(origin);
  const times: number[] = [];
  for (let n = 0; n < WAKES; n += 1) {
    await fetch(new URL(`/sleep/${SKU}`, origin), { method: "POST" });
    times.push((await wake(origin)).ms);
  }
  return { ...first, ms: median(times) };
}
