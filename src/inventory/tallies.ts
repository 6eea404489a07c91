// What an object needs to know of its orders when it wakes: which ones are open, and the sum of the others. A tally is a row that
// lists up to 32 orders and adds up those that it no longer lists. A new order is added to a tally, in place of orders that
// have finished since. So it costs one more row, and a change of a listed order costs none: its own row says what it adds.
import type { OrderRow } from "./order.ts";
import type { Run } from "./tables.ts";
import {
  CAPACITY,
  combined,
  emptyTally,
  sumOf,
  type Tallied,
  type Tally,
  toTally,
} from "./tally.ts";
import { addUnits, sameUnits, unitsOf } from "./units.ts";

/** A tally takes further orders once it lists no more open ones than this, so that a write drops many finished ones. */
const ROOMY = CAPACITY / 2;
/** Finished orders that may stay listed, beside as many as are open. An object that wakes reads them. */
const MAX_FINISHED = 1_000;
/** Tallies that one step combines. */
const COMBINED_PER_STEP = 256;

export class Tallies {
  readonly #run: Run;
  /** By the ids of the orders that they list. */
  readonly #byOrder = new Map<string, Tally>();
  /** Tallies that take further orders. The first one is filled before the next. */
  readonly #roomy = new Set<Tally>();
  #finished = 0;
  #nextId = 1;

  constructor(run: Run) {
    this.#run = run;
  }

  /** Reads the tallies. Undefined if there are none, or an older release emptied them: the orders must be counted. */
  load(): Tallied | undefined {
    const stored = this.#run("SELECT id, orders, units, buyers FROM tallies ORDER BY id");
    if (stored.length === 0) return undefined;
    const tallies = stored.map(toTally);
    for (const tally of tallies) this.#add(tally);
    return {
      ...sumOf(tallies),
      listed: tallies.flatMap(({ orders }) => [...orders.values()]),
    };
  }

  /** Stores counted orders. */
  start({ units, buyers, listed }: Tallied): void {
    this.#write(combined(units, buyers, listed, [1]));
  }

  /** Tells what a listed order is, after `load`. */
  found(row: OrderRow, isOpen: boolean): void {
    const tally = this.#byOrder.get(row.orderId);
    if (tally) this.#mark(tally, row, isOpen);
  }

  /**
   * Records an order that is new (`before` undefined) or changed, in the transaction that writes its row.
   *
   * @param isFirst whether its owner never had an order here
   */
  record(before: OrderRow | undefined, row: OrderRow, isOpen: boolean, isFirst: boolean): void {
    const listing = this.#byOrder.get(row.orderId);
    if (listing) {
      this.#mark(listing, row, isOpen);
      return;
    }
    if (before && !isOpen && sameUnits(unitsOf(before), unitsOf(row))) return;
    const [roomy] = this.#roomy;
    const tally = roomy ?? this.#add(emptyTally(this.#nextId));
    this.#dropFinished(tally);
    // The sum counted it as finished.
    if (before) addUnits(tally.units, unitsOf(before), -1);
    if (isFirst) tally.buyers += 1;
    const { userId, orderId } = row;
    tally.orders.set(orderId, { userId, orderId, finished: null });
    tally.open += 1;
    this.#byOrder.set(orderId, tally);
    this.#mark(tally, row, isOpen);
    this.#store(tally);
  }

  /** Whether so many finished orders are listed that `combine` should run: more than open ones. */
  get isFull(): boolean {
    const open = this.#byOrder.size - this.#finished;
    return this.#finished > MAX_FINISHED + open;
  }

  /** Combines some tallies that list finished orders into few. For the end of a rush: during it, new orders replace finished ones. */
  combine(): void {
    const some = [...this.#roomy].slice(0, COMBINED_PER_STEP);
    for (const tally of some) {
      this.#dropFinished(tally);
      this.#roomy.delete(tally);
    }
    if (some.length === 0) return;
    const ids = some.map(({ id }) => id);
    const { units, buyers } = sumOf(some);
    const listed = some.flatMap(({ orders }) => [...orders.values()]);
    this.#run(
      "DELETE FROM tallies WHERE id IN (SELECT value FROM json_each(?))",
      JSON.stringify(ids),
    );
    this.#write(combined(units, buyers, listed, ids));
  }

  #write(tallies: Tally[]): void {
    for (const tally of tallies) this.#store(this.#add(tally));
  }

  #add(tally: Tally): Tally {
    for (const orderId of tally.orders.keys()) this.#byOrder.set(orderId, tally);
    this.#nextId = Math.max(this.#nextId, tally.id + 1);
    this.#sort(tally);
    return tally;
  }

  /** Notes whether a listed order is open. Costs no write. */
  #mark(tally: Tally, row: OrderRow, isOpen: boolean): void {
    const listed = tally.orders.get(row.orderId);
    if (!listed) return;
    const change = Number(isOpen) - Number(listed.finished === null);
    listed.finished = isOpen ? null : unitsOf(row);
    tally.open += change;
    this.#finished -= change;
    this.#sort(tally);
  }

  #sort(tally: Tally): void {
    if (tally.open <= ROOMY) this.#roomy.add(tally);
    else if (tally.open >= CAPACITY) this.#roomy.delete(tally);
  }

  #dropFinished(tally: Tally): void {
    for (const { orderId, finished } of tally.orders.values()) {
      if (!finished) continue;
      addUnits(tally.units, finished);
      tally.orders.delete(orderId);
      this.#byOrder.delete(orderId);
      this.#finished -= 1;
    }
  }

  #store({ id, orders, units, buyers }: Tally): void {
    const owners = Object.fromEntries(
      [...orders.values()].map((each) => [each.orderId, each.userId]),
    );
    this.#run(
      "INSERT OR REPLACE INTO tallies (id, orders, units, buyers) VALUES (?, ?, ?, ?)",
      ...[id, JSON.stringify(owners), JSON.stringify(units), buyers],
    );
  }
}
