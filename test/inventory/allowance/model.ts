// A model of one person's allowance, the ledgers of a sale's SKUs, and everything that can go wrong between them: attempts and
// reports get lost, repeated and delayed, and ledgers crash. Decisions are the real ones.
import {
  applyReport,
  type CountedOrder,
  decideLease,
  isOver,
  LEASE_MARGIN_MS,
  LEASE_MS,
  type Lease,
  type LeaseDecision,
  type Report,
  type Share,
} from "../../../src/inventory/allowance/decide.ts";

/** An order, and the units that the allowance confirmed to have counted. */
interface Order extends CountedOrder {
  quantity: number;
  counted: number | null;
}

interface Attempt {
  skuId: string;
  key: string;
  quantity: number;
  lease: Lease | null;
}

export type Command =
  | { do: "ask for a lease"; sku: number; key: number; quantity: number }
  | { do: "attempt arrives" | "attempt is lost"; nth: number }
  | { do: "report arrives"; nth: number; isRepeated: boolean; isConfirmed: boolean }
  | { do: "report is lost"; nth: number }
  | { do: "cancel" | "expire" | "late money"; nth: number }
  | { do: "refund a unit"; nth: number }
  | { do: "ledger crashes" | "ledger reports again" | "allowance asks"; sku: number }
  | { do: "restock"; sku: number }
  | { do: "time passes"; ms: number };

const USER = "ann";
const HOLD_MS = 30_000;

export class AllowanceModel {
  now = 1_000_000;
  readonly limit: number;
  readonly shares = new Map<string, Share>();
  readonly ledgers: Map<string, Order>[];
  readonly stock: number[];
  attempts: Attempt[] = [];
  reports: Report[] = [];
  #leases = 0;

  constructor(limit: number, stock: number[]) {
    this.limit = limit;
    this.stock = [...stock];
    this.ledgers = stock.map(() => new Map());
  }

  /** Units that the person has, as the ledgers know. */
  get owned(): number {
    const orders = this.ledgers.flatMap((ledger) => [...ledger.values()]);
    return orders.reduce((sum, { units }) => sum + units, 0);
  }

  lease(skuId: string, key: string, quantity: number, isAgain = false): LeaseDecision {
    this.#leases += 1;
    const lease = { id: String(this.#leases), until: this.now + LEASE_MS };
    const command = { skuId, key, quantity, limit: this.limit, ...(isAgain ? { isAgain } : {}) };
    const decision = decideLease(
      [...this.shares.values()],
      command as Parameters<typeof decideLease>[1],
      lease,
      this.now,
    );
    if (decision.ok && decision.share) this.shares.set(`${skuId} ${key}`, decision.share);
    return decision;
  }

  apply(command: Command): void {
    switch (command.do) {
      case "ask for a lease": {
        const [skuId, key] = [String(command.sku), `key-${command.key}`];
        const decision = this.lease(skuId, key, command.quantity);
        if (!decision.ok) return;
        this.attempts.push({ skuId, key, quantity: command.quantity, lease: decision.lease });
        return;
      }
      case "attempt arrives":
        this.#arrive(this.#take(this.attempts, command.nth));
        return;
      case "attempt is lost":
        this.#take(this.attempts, command.nth);
        return;
      case "report arrives":
        this.#deliver(command);
        return;
      case "report is lost":
        this.#take(this.reports, command.nth);
        return;
      case "ledger crashes":
        this.reports = this.reports.filter(({ skuId }) => skuId !== String(command.sku));
        return;
      case "ledger reports again":
        this.reportAgain(command.sku);
        return;
      case "allowance asks":
        this.ask(command.sku);
        return;
      case "restock":
        this.stock[command.sku] = (this.stock[command.sku] ?? 0) + 1;
        return;
      case "time passes":
        this.now += command.ms;
        return;
      default:
        this.#change(command);
    }
  }

  /** Everything that was lost is repeated, and everything that is on its way arrives. */
  settle(): void {
    while (this.attempts.length > 0) this.apply({ do: "attempt arrives", nth: 0 });
    this.#deliverAll();
    this.now += LEASE_MS + LEASE_MARGIN_MS;
    for (const sku of this.ledgers.keys()) this.reportAgain(sku);
    this.#deliverAll();
    for (const sku of this.ledgers.keys()) this.ask(sku);
    this.#deliverAll();
  }

  reportAgain(sku: number): void {
    for (const [key, order] of this.ledgers[sku] ?? []) {
      if (order.counted !== order.units) this.#report(sku, key, []);
    }
  }

  /** The answer of the ledger may be delayed like any other report. It ends holds that are over first. */
  ask(sku: number): void {
    for (const [key, order] of this.ledgers[sku] ?? []) {
      if (order.endsAt === null || this.now < order.endsAt) continue;
      this.#set(sku, key, { ...order, units: 0, endsAt: null, version: order.version + 1 }, []);
    }
    for (const { skuId, key, leases } of this.shares.values()) {
      if (skuId !== String(sku)) continue;
      const spent = leases.filter((lease) => isOver(lease, this.now)).map(({ id }) => id);
      this.#report(sku, key, spent);
    }
  }

  #arrive(attempt: Attempt | undefined): void {
    if (!attempt) return;
    const { skuId, key, quantity, lease } = attempt;
    const sku = Number(skuId);
    const ledger = this.ledgers[sku];
    const free = this.stock[sku] ?? 0;
    const isNew = !ledger?.has(key);
    if (isNew && lease && this.now < lease.until && free >= quantity) {
      this.stock[sku] = free - quantity;
      const endsAt = this.now + HOLD_MS;
      ledger?.set(key, { version: 1, units: quantity, endsAt, quantity, counted: null });
    }
    if (lease) this.#report(sku, key, [lease.id]);
  }

  #change({ do: what, nth }: Extract<Command, { nth: number }>): void {
    const all = this.ledgers.flatMap((ledger, sku) =>
      [...ledger].map(([key, order]) => ({ sku, key, order })),
    );
    const found = all[nth % Math.max(1, all.length)];
    if (!found) return;
    const { sku, key, order } = found;
    if (what === "late money") {
      this.#payLate(sku, key, order);
      return;
    }
    const units = what === "refund a unit" ? Math.max(0, order.units - 1) : 0;
    if (units === order.units) return;
    this.#set(sku, key, { ...order, units, endsAt: null, version: order.version + 1 }, []);
  }

  #payLate(sku: number, key: string, order: Order): void {
    if (order.units > 0) return;
    const decision = this.lease(String(sku), key, order.quantity, true);
    if (!decision.ok || !decision.lease) return;
    const spent = [decision.lease.id];
    const { quantity: units, version } = order;
    const free = this.stock[sku] ?? 0;
    if (free < units) this.#report(sku, key, spent);
    else this.#set(sku, key, { ...order, units, endsAt: null, version: version + 1 }, spent);
  }

  #set(sku: number, key: string, order: Order, spent: string[]): void {
    const before = this.ledgers[sku]?.get(key)?.units ?? 0;
    this.stock[sku] = (this.stock[sku] ?? 0) + before - order.units;
    this.ledgers[sku]?.set(key, order);
    this.#report(sku, key, spent);
  }

  #report(sku: number, key: string, spent: string[]): void {
    const order = this.ledgers[sku]?.get(key) ?? null;
    this.reports.push({ userId: USER, skuId: String(sku), key, order, spent });
  }

  #deliver({ nth, isRepeated, isConfirmed }: Command & { do: "report arrives" }): void {
    const at = nth % Math.max(1, this.reports.length);
    const report = this.reports[at];
    if (!report) return;
    if (!isRepeated) this.reports.splice(at, 1);
    const name = `${report.skuId} ${report.key}`;
    const after = applyReport(this.shares.get(name), report);
    if (after) this.shares.set(name, after);
    if (after === null) this.shares.delete(name);
    const order = this.ledgers[Number(report.skuId)]?.get(report.key);
    if (isConfirmed && order && report.order) order.counted = report.order.units;
  }

  #deliverAll(): void {
    while (this.reports.length > 0) {
      this.apply({ do: "report arrives", nth: 0, isRepeated: false, isConfirmed: true });
    }
  }

  #take<T>(list: T[], nth: number): T | undefined {
    return list.splice(nth % Math.max(1, list.length), 1)[0];
  }
}
