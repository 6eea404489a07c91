// Adds up the units that each person has of a whole sale, over all its SKUs, and compares them with what the sale's allowances
// counted. Needs the memory of its people, up to a bound. Pure.
import type { CountedUnits } from "../../inventory/allowance/client.ts";
import type { AuditedOrder } from "../../inventory/audit.ts";

/** The facts about the limit of a sale per person. Null where there were too many people, or an allowance did not answer. */
export interface SaleLimitFacts {
  limit: number;
  /** The most units of the sale that one person has. */
  mostPerPerson: number | null;
  /** People who have more than the limit. */
  overLimit: number | null;
  /** People whose allowance counts other units than the ledgers have. Null as well once the allowances are deleted. */
  miscounted: number | null;
}

/** About 40 MB. */
const MAX_PEOPLE = 250_000;

export class SaleTally {
  readonly #limit: number;
  readonly #maxPeople: number;
  /** Units in the ledgers, and in the allowances. */
  readonly #people = new Map<string, { units: number; counted: number }>();
  #isPartial = false;

  /** @param limit the most units of the sale that one person may have */
  constructor(limit: number, maxPeople = MAX_PEOPLE) {
    this.#limit = limit;
    this.#maxPeople = maxPeople;
  }

  add({ userId, status, units }: AuditedOrder): void {
    if (status === "reserved" || status === "confirmed") this.#add(userId, units, 0);
  }

  addCounted({ userId, units }: CountedUnits): void {
    this.#add(userId, 0, units);
  }

  #add(userId: string, units: number, counted: number): void {
    if (units + counted === 0) return;
    const before = this.#people.get(userId) ?? { units: 0, counted: 0 };
    this.#people.set(userId, { units: before.units + units, counted: before.counted + counted });
    if (this.#people.size <= this.#maxPeople) return;
    this.#people.delete(userId);
    this.#isPartial = true;
  }

  /** @param isCounted whether everything was added that the allowances have */
  facts(isCounted: boolean): SaleLimitFacts {
    const limit = this.#limit;
    if (this.#isPartial) return { limit, mostPerPerson: null, overLimit: null, miscounted: null };
    const facts = { limit, mostPerPerson: 0, overLimit: 0, miscounted: 0 };
    for (const { units, counted } of this.#people.values()) {
      facts.mostPerPerson = Math.max(facts.mostPerPerson, units);
      if (units > limit) facts.overLimit += 1;
      if (units !== counted) facts.miscounted += 1;
    }
    return isCounted ? facts : { ...facts, miscounted: null };
  }
}
