// The processes of the lanes of a SKU: a workerd for each, because one workerd runs all its objects on one thread.
import { join } from "node:path";
import type { ConfigureCommand } from "../../../inventory/decide-stock.ts";
import type { OrderPage } from "../../../inventory/lanes/stub.ts";
import type { OwnedOrder } from "../../../inventory/order.ts";
import type { OrderRef } from "../../../inventory/order-id.ts";
import type { LedgerReport } from "../../../inventory/report.ts";
import { startWorkerProcess, type WorkerProcess } from "../../spawn-miniflare.ts";
import type { Load, LoadResult } from "./load.ts";

export const LANE = { config: "src/local/bench/lanes/lane.toml" };

export interface LaneSettings {
  stateDir: string;
  vars: Record<string, string>;
}

export class LaneProcesses {
  readonly #settings: LaneSettings;
  /** By lane. */
  readonly #processes: WorkerProcess[] = [];

  private constructor(settings: LaneSettings) {
    this.#settings = settings;
  }

  static async start(count: number, settings: LaneSettings): Promise<LaneProcesses> {
    const lanes = new LaneProcesses(settings);
    for (let lane = 0; lane < count; lane += 1) await lanes.#start(lane);
    await lanes.#introduce();
    return lanes;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#processes.map((each) => each.stop()));
  }

  /** Kills a process with SIGKILL. */
  async kill(lane: number): Promise<void> {
    await this.#processes[lane]?.kill();
  }

  /** Starts a killed process with its ledger, at the same origin. */
  async restart(lane: number): Promise<void> {
    await this.#start(lane, Number(new URL(this.#url(lane)).port));
    await this.#introduce();
  }

  /** Puts a SKU on sale, free. @param lanes absent for a SKU without lanes */
  async open(skuId: string, stock: number, lanes?: number): Promise<void> {
    const terms = {
      ...{ saleId: "bench", skuId, opensAt: 0, closesAt: Date.now() + 86_400_000 },
      ...{ unitPrice: { amount: 0, currency: "USD" }, perUserLimit: 1, holdSeconds: 300 },
    };
    const offer = {
      terms,
      stock,
      ...(lanes === undefined ? {} : { layout: { since: 0, lanes, former: [] } }),
    };
    const command: ConfigureCommand = { skuId, revision: 1, offer };
    await this.#askRoot(skuId, "configure", command);
  }

  /** Has the buyers of one lane come. */
  async load(lane: number, load: Load): Promise<LoadResult> {
    return (await post(this.#url(lane), "/load", load)) as LoadResult;
  }

  /** Does what the consumer does, so that the objects do not send the orders again. */
  async settle(lane: number, name: string, refs: OrderRef[]): Promise<void> {
    await post(this.#url(lane), `/settle/${name}`, refs);
  }

  /** The report of all lanes. */
  async report(skuId: string): Promise<LedgerReport> {
    return (await this.#askRoot(skuId, "report")) as LedgerReport;
  }

  /** All orders of all lanes. */
  async orders(skuId: string): Promise<OwnedOrder[]> {
    const found: OwnedOrder[] = [];
    let after: OrderRef | null = null;
    do {
      const page = (await this.#askRoot(skuId, "page", after)) as OrderPage;
      found.push(...page.orders);
      after = page.next;
    } while (after);
    return found;
  }

  /** Calls between the processes since they started. */
  async calls(): Promise<number> {
    const counts = this.#processes.map(async ({ url }) => {
      return Number(await (await fetch(`${url}/calls`)).text());
    });
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  }

  async #start(lane: number, port = 0): Promise<void> {
    const { stateDir, vars } = this.#settings;
    this.#processes[lane] = await startWorkerProcess({
      ...{ source: LANE, stateDir: join(stateDir, `lane-${lane}`), port },
      vars: { ...vars, LANE: String(lane) },
    });
  }

  /** Tells every process where the others are. */
  async #introduce(): Promise<void> {
    const body = JSON.stringify(this.#processes.map(({ url }) => url));
    await Promise.all(
      this.#processes.map(({ url }) => fetch(`${url}/origins`, { method: "PUT", body })),
    );
  }

  #url(lane: number): string {
    return (this.#processes[lane] as WorkerProcess).url;
  }

  #askRoot(skuId: string, method: string, ...args: unknown[]): Promise<unknown> {
    return post(this.#url(0), `/objects/${skuId}/${method}`, args);
  }
}

async function post(origin: string, path: string, body: unknown): Promise<unknown> {
  const response = await fetch(new URL(path, origin), {
    method: "POST",
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response.status === 204 ? undefined : response.json();
}
