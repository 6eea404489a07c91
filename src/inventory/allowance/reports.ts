// From a SKU's ledger to the objects that count its sale's units for each person. The order rows are the outbox: a row whose
// units differ from what was counted is reported until it is counted. A lease that made no order is reported once: if that
// gets lost, the lease ends by itself.
import { causeOf, log } from "../../observability/log.ts";
import { unitsOwned } from "../decide-order.ts";
import type { Ledger } from "../ledger.ts";
import type { OrderRow } from "../order.ts";
import { type AllowanceEnv, allowanceAt, allowanceName } from "./client.ts";
import { isUncounted, toCountedOrder } from "./counted-order.ts";
import type { Report } from "./decide.ts";

/** How long reports collect before they are sent. A burst then needs few calls. */
const COLLECT_MS = 20;
const MAX_BATCH = 500;
/** When reports are sent again that nobody confirmed. Twice as long after each failure. */
const RESEND_MS = 10_000;
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 60_000;
/** Longest a caller waits until an allowance has been told. */
const MAX_WAIT_MS = 3_000;
/** Leases that are remembered as spent although nobody used them. There are some after a crash of an edge, else none. */
const MAX_REFUSED = 1_000;
/** Most orders that one alarm reports again. */
const RESEND_PER_ALARM = 1_000;

/** An attempt to report, as its ledger has it by the time of sending. */
interface Attempt {
  saleId: string;
  userId: string;
  key: string;
}

interface Bucket {
  pending: Map<string, Attempt & { spent: string[] }>;
  sending: Promise<void>;
}

export class AllowanceReports {
  readonly #env: AllowanceEnv;
  readonly #ledger: Ledger;
  readonly #onFailure: () => void;
  readonly #buckets = new Map<string, Bucket>();
  readonly #refused = new Set<string>();
  #failures = 0;
  /** What is uncounted when the object wakes may never have been sent. */
  #resendAt = 0;

  constructor(env: AllowanceEnv, ledger: Ledger, onFailure: () => void) {
    this.#env = env;
    this.#ledger = ledger;
    this.#onFailure = onFailure;
  }

  /** When orders are to be reported again (milliseconds), if any are not counted. */
  get dueAt(): number | undefined {
    return this.#ledger.index.uncounted.size > 0 ? this.#resendAt : undefined;
  }

  /** Reports an order if its units changed. */
  orderChanged(row: OrderRow): void {
    const { uncounted } = this.#ledger.index;
    if (!uncounted.has(row.orderId)) return;
    if (uncounted.size === 1) this.#resendAt = Date.now() + RESEND_MS;
    this.#post({ ...row, key: row.idempotencyKey });
  }

  /** Reports that a lease can take no units any more, except those of its attempt's order. */
  spend(attempt: Attempt, leaseId: string): void {
    this.#post(attempt, [leaseId]);
  }

  /** Remembers that these leases were called spent, so that they stay so if the clock is set back. */
  refuse(leaseIds: string[]): void {
    for (const id of leaseIds) this.#refused.add(id);
    for (const id of this.#refused) {
      if (this.#refused.size <= MAX_REFUSED) break;
      this.#refused.delete(id);
    }
  }

  isRefused = (leaseId: string): boolean => this.#refused.has(leaseId);

  /**
   * Reports orders that the allowance has not counted, and those with units once more, because it forgets a sale long after its
   * close. @throws if it did not confirm all of them
   */
  async count(rows: OrderRow[]): Promise<void> {
    const { index } = this.#ledger;
    const uncounted = rows.filter(
      (row) =>
        isUncounted(row, index.limitedSale) ||
        (row.saleId === index.limitedSale && unitsOwned([row]) > 0),
    );
    for (const row of uncounted) {
      index.uncounted.set(row.orderId, { userId: row.userId, orderId: row.orderId });
      this.orderChanged(row);
    }
    await Promise.all([...this.#buckets.values()].map(({ sending }) => sending));
    if (uncounted.some(({ orderId }) => index.uncounted.has(orderId))) {
      throw new Error("the allowance did not count every order");
    }
  }

  /** Reports again what is due. */
  resend(now: number): void {
    if ((this.dueAt ?? Number.POSITIVE_INFINITY) > now) return;
    this.#resendAt = now + RESEND_MS;
    for (const ref of [...this.#ledger.index.uncounted.values()].slice(0, RESEND_PER_ALARM)) {
      const row = this.#ledger.order(ref);
      if (row) this.#post({ ...row, key: row.idempotencyKey });
    }
  }

  /** Resolves once the allowance of a person has been told everything, or after three seconds. */
  async told({ saleId, userId }: Pick<Attempt, "saleId" | "userId">): Promise<void> {
    const bucket = this.#buckets.get(allowanceName(saleId, userId));
    if (bucket) await Promise.race([bucket.sending, scheduler.wait(MAX_WAIT_MS)]);
  }

  #post({ saleId, userId, key }: Attempt, spent: string[] = []): void {
    const name = allowanceName(saleId, userId);
    const id = `${userId} ${key}`;
    const bucket = this.#buckets.get(name);
    if (bucket) {
      const earlier = bucket.pending.get(id)?.spent ?? [];
      bucket.pending.set(id, { saleId, userId, key, spent: [...earlier, ...spent] });
      return;
    }
    const pending = new Map([[id, { saleId, userId, key, spent }]]);
    this.#buckets.set(name, { pending, sending: this.#drain(name, saleId, pending) });
  }

  /** Never throws: the alarm reports again what could not be sent. */
  async #drain(name: string, saleId: string, pending: Bucket["pending"]): Promise<void> {
    while (pending.size > 0) {
      await scheduler.wait(COLLECT_MS);
      const batch = [...pending].slice(0, MAX_BATCH);
      for (const [id] of batch) pending.delete(id);
      try {
        await this.#send(
          name,
          saleId,
          batch.map(([, attempt]) => attempt),
        );
        this.#failures = 0;
      } catch (error) {
        log("allowance.report_failed", { count: batch.length, cause: causeOf(error) });
        const pause = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures);
        this.#failures += 1;
        this.#resendAt = Date.now() + pause * (1 + Math.random());
        this.#onFailure();
      }
    }
    this.#buckets.delete(name);
  }

  async #send(
    name: string,
    saleId: string,
    attempts: (Attempt & { spent: string[] })[],
  ): Promise<void> {
    const { setup } = this.#ledger;
    const now = Date.now();
    const found = attempts.map(({ userId, key, spent }) => {
      const known = this.#ledger.orderOfKey(userId, key);
      // The SKU may have been in another sale, under the same key.
      const row = known?.saleId === saleId ? known : undefined;
      const skuId = row?.skuId ?? setup?.skuId ?? "";
      const order = row ? toCountedOrder(row, now) : null;
      return { row, report: { userId, skuId, key, order, spent } satisfies Report };
    });
    await allowanceAt(this.#env, name).settle(
      saleId,
      found.map(({ report }) => report),
    );
    for (const { row, report } of found) {
      if (row && report.order) this.#ledger.markCounted(row, report.order.units);
    }
  }
}
