// A lane's side of the escrow: asks the root for units that its buyers need, and gives back what it may not keep. One exchange
// runs at a time and serves everyone who waits. An exchange without an answer is repeated: the counters say what is owed.
import { causeOf, log } from "../../observability/log.ts";
import { available } from "../decide-order.ts";
import {
  afterReturn,
  afterWord,
  isLane,
  type LaneReport,
  nameOf,
  type RootWord,
  reportOfLane,
} from "./escrow.ts";
import type { LaneWork } from "./lane-work.ts";
import type { LaneStub } from "./stub.ts";

/** The pause before an exchange that failed is repeated. */
const RETRY_MS = 1_000;

/** An attempt that needs more units than are free here. */
interface Waiting {
  quantity: number;
  /** Tries again, with `isFinal` for good. Returns whether it is done. */
  serve(isFinal: boolean): boolean;
  fail(cause: unknown): void;
}

type AskedRoot = Pick<LaneStub, "exchange">;

export class LaneSide {
  readonly #work: LaneWork;
  readonly #root: () => AskedRoot;
  /** In order of arrival. */
  readonly #waiting = new Set<Waiting>();
  /** The last report that the root answered. It may know more, but an object that wakes cannot tell. */
  #told: LaneReport | undefined;
  #talking: Promise<void> | undefined;
  /** Free units that stay here although the lane pools: late money is about to take them. */
  #kept = 0;

  constructor(work: LaneWork, root: () => AskedRoot) {
    this.#work = work;
    this.#root = root;
  }

  /** Runs `attempt` until it needs no more units, or no more are free anywhere. It is then final and returns a result. */
  supply<T>(quantity: number, attempt: (isFinal: boolean) => T | undefined): T | Promise<T> {
    const result = attempt(false);
    if (result !== undefined) return result;
    return new Promise((resolve, reject) => {
      const serve = (isFinal: boolean) => {
        const served = attempt(isFinal);
        if (served !== undefined) resolve(served);
        return served !== undefined;
      };
      this.#waiting.add({ quantity, serve, fail: reject });
      void this.#talk();
    });
  }

  /** Runs work for which these units are to be free here, if there are so many anywhere. */
  async withFree<T>(quantity: number, work: () => Promise<T>): Promise<T> {
    this.#kept += quantity;
    try {
      const enough = (isFinal: boolean) => isFinal || this.#free >= quantity || undefined;
      await this.supply(quantity, enough);
      return await work();
    } finally {
      this.#kept -= quantity;
      this.settle();
    }
  }

  /** A word of the root. Returns what the lane has then. */
  hear(word: RootWord): LaneReport {
    this.#take(word);
    this.settle();
    return this.#report;
  }

  /** Serves those who wait from what is free here, and gives back what may not stay. Call it after every change. */
  settle(): void {
    this.#work.expireEnded(Date.now());
    for (const waiting of this.#waiting) {
      if (this.#free <= 0) break;
      this.#serve(waiting, false);
    }
    const { setup } = this.#work.ledger;
    if (!isLane(setup)) return;
    const after = afterReturn(setup, this.#free - this.#kept);
    if (after !== setup) this.#work.ledger.saveSetup(after);
    this.#work.published.stockChanged();
    if (this.#owes) void this.#talk();
  }

  /** Resolves once the root has the units that the lane gave back, or did not answer. */
  async told(): Promise<void> {
    this.settle();
    await this.#talking;
  }

  get #free(): number {
    return available(this.#work.ledger.stock);
  }

  get #name(): string {
    const { setup } = this.#work.ledger;
    return setup ? nameOf(setup) : "";
  }

  get #report(): LaneReport {
    const { setup } = this.#work.ledger;
    return isLane(setup)
      ? reportOfLane(setup)
      : { lane: 0, received: 0, returned: 0, withdrawn: 0, phase: 0 };
  }

  /** Whether the root may not know what left the lane. */
  get #owes(): boolean {
    const { received, returned, withdrawn } = this.#report;
    if (!this.#told) return received > 0;
    return this.#told.returned !== returned || this.#told.withdrawn !== withdrawn;
  }

  #take(word: RootWord): void {
    const { setup } = this.#work.ledger;
    if (!isLane(setup)) return;
    const after = afterWord(setup, word);
    if (after !== setup) this.#work.ledger.saveSetup(after);
  }

  #talk(): Promise<void> {
    this.#talking ??= this.#exchange().finally(() => {
      this.#talking = undefined;
    });
    return this.#talking;
  }

  async #exchange(): Promise<void> {
    while (this.#waiting.size > 0 || this.#owes) {
      // Those who come meanwhile are not part of the answer: it may be older than they are.
      const asking = [...this.#waiting];
      const wants = asking.reduce((sum, { quantity }) => sum + quantity, 0);
      const report = this.#report;
      try {
        const answer = await this.#root().exchange(report, wants);
        this.#told = report;
        this.#take(answer);
        // Before units go back that are too few for one of them: its answer says how many were free.
        if (answer.isDry) for (const waiting of asking) this.#serve(waiting, true);
        this.settle();
      } catch (cause) {
        log("lanes.exchange_failed", { skuId: this.#name, cause: causeOf(cause) });
        for (const waiting of this.#waiting) waiting.fail(cause);
        this.#waiting.clear();
        if (this.#owes) this.#work.wakeBy(Date.now() + RETRY_MS);
        return;
      }
    }
  }

  #serve(waiting: Waiting, isFinal: boolean): void {
    if (!this.#waiting.has(waiting)) return;
    try {
      if (waiting.serve(isFinal)) this.#waiting.delete(waiting);
    } catch (cause) {
      this.#waiting.delete(waiting);
      waiting.fail(cause);
    }
  }
}
