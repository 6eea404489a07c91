// How orders of one SKU grow with its lanes, each lane in a process of its own, against one object without lanes in one process.
import { existsSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { MAX_LANES, objectName } from "../../../inventory/order-id.ts";
import { makeTempDir } from "../../temp-dir.ts";
import { startRedisThread } from "../spawn-redis-thread.ts";
import type { Load } from "./load.ts";
import { LaneProcesses } from "./processes.ts";

/** Buyers at a time in each lane. */
const CALLERS = 32;
/** The length of a round far from the sell-out, and the units of its SKU. */
const ROUND_MS = 1_000;
const PLENTY = 1_000_000;
/** SKUs that one round sells out. */
const DROPS = 20;
/** Only so that a hang ends. */
const LIMIT_MS = 120_000;

/**
 * Where the objects store. All lanes share the disk of this machine, which objects at Cloudflare do not: in memory, only the
 * processor limits them. Linux has that file system.
 */
const STORAGES = { disk: tmpdir(), memory: "/dev/shm" };

/** One round. */
export interface LaneRound {
  perSecond: number;
  /** Until the orders are settled. */
  rowsPerOrder: number;
  /** Calls between the objects. */
  callsPerOrder: number;
}

/** The rounds of one number of lanes. Each follows a round of the object without lanes. */
export interface LaneGrowth {
  storage: string;
  lanes: number;
  /** Whether each SKU has so few units that its root keeps all of them: the last units of a drop. */
  isPooling: boolean;
  rounds: { subject: LaneRound; baseline: LaneRound }[];
}

/** Measures 1, 2, 4… lanes, up to one for each core. */
export async function measureLanes(rounds: number): Promise<LaneGrowth[]> {
  const growths: LaneGrowth[] = [];
  for (const [storage, parent] of Object.entries(STORAGES)) {
    if (existsSync(parent)) growths.push(...(await measureOn(storage, parent, rounds)));
  }
  return growths;
}

async function measureOn(storage: string, parent: string, rounds: number): Promise<LaneGrowth[]> {
  const most = Math.min(availableParallelism(), MAX_LANES);
  await using parts = new AsyncDisposableStack();
  const stateDir = makeTempDir("bench-lanes", parent);
  const redis = await startRedisThread(stateDir);
  parts.defer(redis.stop);
  const settings = { stateDir: join(stateDir, "worker"), vars: redis.vars };
  const processes = await LaneProcesses.start(most, settings);
  parts.defer(() => processes.stop());
  const bench = new Bench(processes);
  const growths: LaneGrowth[] = [];
  for (const isPooling of [false, true]) {
    for (const lanes of lanesUpTo(most)) {
      // A SKU with one lane never pools.
      if (isPooling && lanes === 1) continue;
      process.stderr.write(`${lanes} lanes on ${storage}${isPooling ? ", last units" : ""} `);
      const measured = await bench.compare(lanes, isPooling, rounds);
      growths.push({ storage, lanes, isPooling, rounds: measured });
    }
  }
  return growths;
}

/** The powers of two, and the number itself. */
function lanesUpTo(most: number): number[] {
  const powers = Array.from({ length: Math.ceil(Math.log2(most)) }, (_, n) => 2 ** n);
  return [...powers, most];
}

class Bench {
  readonly #processes: LaneProcesses;
  #skus = 0;

  constructor(processes: LaneProcesses) {
    this.#processes = processes;
  }

  async compare(lanes: number, isPooling: boolean, count: number): Promise<LaneGrowth["rounds"]> {
    // The root pools from the start: see `escrow.ts`.
    const stock = isPooling ? 4 * lanes - 1 : PLENTY;
    const rounds: LaneGrowth["rounds"] = [];
    // Round 0 warms up and is dropped. The two take turns in going first.
    for (let round = 0; round <= count; round += 1) {
      const plain = () => this.#round(1, stock, undefined);
      const first = round % 2 === 0 ? await plain() : undefined;
      const subject = await this.#round(lanes, stock, lanes);
      rounds.push({ subject, baseline: first ?? (await plain()) });
      process.stderr.write(".");
    }
    process.stderr.write("\n");
    return rounds.slice(1);
  }

  /** Sells SKUs of their own. @param offered absent for SKUs without lanes */
  async #round(lanes: number, stock: number, offered: number | undefined): Promise<LaneRound> {
    const skuIds = Array.from({ length: stock === PLENTY ? 1 : DROPS }, () => this.#newSku());
    for (const skuId of skuIds) await this.#processes.open(skuId, stock, offered);
    const rowsBefore = await this.#rows(skuIds);
    const callsBefore = await this.#processes.calls();
    const ms = stock === PLENTY ? ROUND_MS : LIMIT_MS;
    const { orders, seconds } = await this.#sell({ skuIds, lanes, callers: CALLERS, ms });
    const calls = (await this.#processes.calls()) - callsBefore;
    const rows = (await this.#rows(skuIds)) - rowsBefore;
    if (stock !== PLENTY && orders !== stock * skuIds.length) {
      throw new Error(`${orders} orders of ${stock * skuIds.length} units`);
    }
    return {
      ...{ perSecond: orders / seconds },
      ...{ rowsPerOrder: rows / orders, callsPerOrder: calls / orders },
    };
  }

  async #sell(load: Load): Promise<{ orders: number; seconds: number }> {
    const lanes = Array.from({ length: load.lanes }, (_, lane) => lane);
    const results = await Promise.all(lanes.map((lane) => this.#processes.load(lane, load)));
    const failed = results.reduce((sum, result) => sum + result.failed, 0);
    if (failed > 0) throw new Error(`${failed} attempts failed`);
    for (const [lane, { accepted }] of results.entries()) {
      const bySku = Map.groupBy(accepted, ({ orderId }) => orderId.split(".")[0] as string);
      for (const [skuId, orders] of bySku) {
        await this.#processes.settle(lane, objectName({ skuId, lane }), orders);
      }
    }
    return {
      orders: results.reduce((sum, { accepted }) => sum + accepted.length, 0),
      seconds: Math.max(...results.map(({ ms }) => ms)) / 1_000,
    };
  }

  async #rows(skuIds: string[]): Promise<number> {
    const reports = skuIds.map((skuId) => this.#processes.report(skuId));
    return (await Promise.all(reports)).reduce((sum, each) => sum + each.activity.rowsWritten, 0);
  }

  #newSku(): string {
    this.#skus += 1;
    return `bench-${this.#skus}`;
  }
}
