// Adds up the orders of one ledger, in key order, so that the orders of one person follow each other. Needs the memory of one
// person, however many orders there are. Pure.
import type { AuditedOrder } from "../../inventory/audit.ts";

type Status = AuditedOrder["status"];

/** The facts that follow from the rows alone, without the counters of the object. */
export interface Counted {
  held: number;
  sold: number;
  orders: Record<Status, number>;
  /** People who have units now. */
  people: number;
  /** The most units that one person has. */
  mostPerPerson: number;
  /** People who have more than the limit. */
  overLimit: number;
}

export class SkuTally {
  readonly #limit: number;
  readonly #counted: Counted = {
    held: 0,
    sold: 0,
    orders: { reserved: 0, confirmed: 0, cancelled: 0, expired: 0, refunded: 0 },
    people: 0,
    mostPerPerson: 0,
    overLimit: 0,
  };
  #person = { userId: "", units: 0 };

  /** @param limit the most units that one person may have */
  constructor(limit: number) {
    this.#limit = limit;
  }

  add({ userId, status, units }: AuditedOrder): void {
    const counted = this.#counted;
    counted.orders[status] += 1;
    if (status === "reserved") counted.held += units;
    if (status === "confirmed") counted.sold += units;
    if (userId !== this.#person.userId) this.#next(userId);
    if (status === "reserved" || status === "confirmed") this.#person.units += units;
  }

  /** Call it once, after the last order. */
  end(): Counted {
    this.#next("");
    return this.#counted;
  }

  #next(userId: string): void {
    const { units } = this.#person;
    const counted = this.#counted;
    if (units > 0) counted.people += 1;
    if (units > this.#limit) counted.overLimit += 1;
    counted.mostPerPerson = Math.max(counted.mostPerPerson, units);
    this.#person = { userId, units: 0 };
  }
}
