// The root's side of the escrow: grants units to the other lanes, and collects their free ones before it says that none are left.
import { causeOf, log } from "../../observability/log.ts";
import { available } from "../decide-order.ts";
import { objectName } from "../order-id.ts";
import {
  type Account,
  afterGrant,
  afterReport,
  afterSpread,
  isPooling,
  isRoot,
  type LaneReport,
  loanOf,
  pooling,
  type RootWord,
} from "./escrow.ts";
import type { LaneWork } from "./lane-work.ts";
import type { ExchangeAnswer, LaneStub } from "./stub.ts";

/** Rounds of one request. Each ends with units for somebody, or with the answer that none are left. */
const MAX_ROUNDS = 10;

/** The newest message that a lane has confirmed. */
type Heard = Pick<LaneReport, "received" | "phase">;
const NOTHING: Heard = { received: 0, phase: -1 };

type AskedLane = Pick<LaneStub, "collected">;

export class RootSide {
  readonly #work: LaneWork;
  readonly #lane: (lane: number) => AskedLane;
  /** By lane. Since the object woke: a lane that has not spoken since is asked. */
  readonly #heard = new Map<number, Heard>();
  #collecting: Promise<void> | undefined;

  constructor(work: LaneWork, lane: (lane: number) => AskedLane) {
    this.#work = work;
    this.#lane = lane;
  }

  /** Whether no other lane has a free unit or one on the way. Freed units are on sale again once the root has them. */
  get isDry(): boolean {
    const { setup } = this.#work.ledger;
    if (!isRoot(setup)) return true;
    return isPooling(setup.account) && this.#unheard(setup.account).length === 0;
  }

  /** As `supply` of a lane, with units of the other lanes. Throws if a lane does not say whether it has free units. */
  supply<T>(_quantity: number, attempt: (isFinal: boolean) => T | undefined): T | Promise<T> {
    return attempt(this.isDry) ?? this.#collectFor(attempt);
  }

  async withFree<T>(quantity: number, work: () => Promise<T>): Promise<T> {
    const enough = (isFinal: boolean) => isFinal || this.#free >= quantity || undefined;
    await this.supply(quantity, enough);
    return work();
  }

  /** A lane reports, and gets the units that it wants as far as any are free. */
  async exchange(report: LaneReport, wants: number): Promise<ExchangeAnswer> {
    this.#hear(report);
    const grant = (isFinal: boolean): ExchangeAnswer | undefined => {
      const { granted, phase } = this.#grant(report, wants, isFinal);
      const isEnough = granted - report.received >= wants;
      return isEnough || isFinal ? { granted, phase, isDry: !isEnough } : undefined;
    };
    const answer = await this.supply(wants, grant);
    this.settle();
    return answer;
  }

  /** Collects free units of other lanes. One round at a time; one that is running asks every lane that matters. */
  collect(): Promise<void> {
    this.#collecting ??= this.#round().finally(() => {
      this.#collecting = undefined;
    });
    return this.#collecting;
  }

  /** Gives lanes without units a share. Before the rush: in it, each call of a lane waits behind the buyers of the root. */
  async spread(): Promise<void> {
    const { setup } = this.#work.ledger;
    if (!isRoot(setup)) return;
    const after = afterSpread(setup, this.#free);
    if (after === setup) return;
    this.#work.ledger.saveSetup(after);
    this.#work.published.stockChanged();
    await this.#tell(setup.skuId, after.account);
  }

  /** Finds out at once whether the last unit is gone, so that what is published says so. Call it after every change. */
  settle(): void {
    if (this.#free <= 0 && !this.isDry) void this.collect();
  }

  get #free(): number {
    return available(this.#work.ledger.stock);
  }

  async #collectFor<T>(attempt: (isFinal: boolean) => T | undefined): Promise<T> {
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      await this.collect();
      this.#work.expireEnded(Date.now());
      const result = attempt(this.isDry);
      if (result !== undefined) return result;
    }
    throw new Error("not every lane says whether it has free units");
  }

  #unheard(account: Account): number[] {
    return account.loans.flatMap(({ granted }, n) => {
      const { received, phase } = this.#heard.get(n + 1) ?? NOTHING;
      const isKnown = granted === 0 || (received >= granted && phase >= account.phase);
      return isKnown ? [] : [n + 1];
    });
  }

  #hear(report: LaneReport): void {
    const known = this.#heard.get(report.lane) ?? NOTHING;
    this.#heard.set(report.lane, {
      received: Math.max(known.received, report.received),
      phase: Math.max(known.phase, report.phase),
    });
    const { setup } = this.#work.ledger;
    if (!isRoot(setup)) return;
    const after = afterReport(setup, report);
    if (after === setup) return;
    this.#work.ledger.saveSetup(after);
    this.#work.published.stockChanged();
  }

  #grant(report: LaneReport, wants: number, isFinal: boolean): RootWord {
    this.#work.expireEnded(Date.now());
    const { setup } = this.#work.ledger;
    if (!isRoot(setup)) throw new Error("no lanes here");
    const after = wants > 0 ? afterGrant(setup, this.#free, report, wants, isFinal) : setup;
    if (after !== setup) {
      this.#work.ledger.saveSetup(after);
      this.#work.published.stockChanged();
    }
    return { granted: loanOf(after.account, report.lane).granted, phase: after.account.phase };
  }

  async #round(): Promise<void> {
    const { setup } = this.#work.ledger;
    if (!isRoot(setup)) return;
    const { account } = pooling(setup);
    if (account !== setup.account) this.#work.ledger.saveSetup({ ...setup, account });
    await this.#tell(setup.skuId, account);
    this.#work.published.stockChanged();
  }

  /** Gives the root's word to the lanes that may not have it, and hears what they have. */
  async #tell(skuId: string, account: Account): Promise<void> {
    const asked = this.#unheard(account).map(async (lane) => {
      try {
        const { granted } = loanOf(account, lane);
        this.#hear(await this.#lane(lane).collected({ granted, phase: account.phase }));
      } catch (cause) {
        const name = objectName({ skuId, lane });
        log("lanes.collect_failed", { skuId: name, cause: causeOf(cause) });
      }
    });
    await Promise.all(asked);
  }
}
