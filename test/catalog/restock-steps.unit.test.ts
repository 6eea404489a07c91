// A restock as registry and object see it, step by step: whatever is lost or repeated on the way, and whoever
// buys meanwhile, each key counts once, and document and object agree in the end.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decideConfigure,
  decideRestock,
  MAX_UNITS,
  type Setup,
} from "../../src/inventory/decide-stock.ts";
import { anOffer, SKU } from "../inventory/commands.ts";

/** The registry's document of one SKU, the object that sells it, and what is on its way between them. */
class Town {
  stock: number;
  revision = 1;
  readonly keys = new Map<string, number>();
  setup: Setup | null = null;
  committed = 0;

  constructor(stock: number) {
    this.stock = stock;
    this.told();
  }

  get stocked(): number {
    return this.setup?.stocked ?? 0;
  }

  get free(): number {
    return this.stocked - this.committed;
  }

  write(stock: number): void {
    this.stock = stock;
    this.revision += 1;
  }

  put(stock: number): boolean {
    const isEnough = stock >= this.committed;
    if (isEnough) this.write(stock);
    return isEnough;
  }

  /** The first step; without the second, the process died in between. */
  restock(key: string, quantity: number, available = this.free): boolean {
    const used = this.keys.get(key);
    const decision = decideRestock(this.stock, { quantity, available, used });
    if (!decision.ok) return false;
    if (!decision.replayed) {
      this.keys.set(key, quantity);
      this.write(decision.stock);
    }
    return true;
  }

  /** The second step, and the reconciliation's: the object learns the document, and corrects it. */
  told(): void {
    const { revision, stock } = this;
    const offer = { ...anOffer(0), stock };
    const units = { stocked: this.stocked, held: 0, sold: this.committed };
    this.setup = decideConfigure(this.setup, units, { skuId: SKU, revision, offer }) ?? this.setup;
    if (this.stocked !== stock) {
      this.write(this.stocked);
      this.told();
    }
  }

  sell(units: number): void {
    this.committed += Math.min(units, this.free);
  }
}

type Step = (town: Town) => void;

const key = fc.constantFrom("k1", "k2", "k3", "k4");
const quantity = fc.integer({ min: -8, max: 8 }).filter((units) => units !== 0);
/** What was free may have been looked up before others bought. */
const restock = fc.tuple(key, quantity, fc.option(fc.nat(10), { nil: undefined })).map(
  ([name, units, seen]): Step =>
    (town) =>
      void town.restock(name, units, seen),
);
const put = fc.nat(30).map(
  (stock): Step =>
    (town) =>
      void town.put(stock),
);
const sell = fc.nat(5).map(
  (units): Step =>
    (town) =>
      town.sell(units),
);
const told = fc.constant<Step>((town) => town.told());
const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: restock },
    { weight: 1, arbitrary: put },
    { weight: 3, arbitrary: sell },
    { weight: 3, arbitrary: told },
  ),
  { maxLength: 40 },
);

describe("stock", () => {
  test("agrees in document and object once the object was told, and is never oversold", () => {
    fc.assert(
      fc.property(fc.nat(20), steps, (stock, history) => {
        const town = new Town(stock);
        for (const step of history) {
          step(town);
          expect(town.free).toBeGreaterThanOrEqual(0);
        }
        town.told();
        expect(town.stock).toBe(town.stocked);
        expect(town.stock).toBeGreaterThanOrEqual(town.committed);
      }),
      { numRuns: 2_000 },
    );
  });

  test("counts each restock once, however often it is repeated and wherever it dies", () => {
    const attempts = fc.array(fc.tuple(key, fc.integer({ min: 1, max: 9 }), fc.boolean()), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(fc.nat(20), attempts, (stock, tries) => {
        const town = new Town(stock);
        for (const [name, units, survives] of tries) {
          town.restock(name, units);
          if (survives) town.told();
        }
        town.told();
        const added = [...town.keys.values()].reduce((sum, units) => sum + units, 0);
        expect(town.stocked).toBe(stock + added);
      }),
    );
  });

  test("put after a restock is what was put: 50, 10 more, then 60 are 60", () => {
    const town = new Town(50);
    town.restock("k", 10);
    town.told();
    town.put(60);
    town.told();
    expect([town.stock, town.stocked]).toEqual([60, 60]);
  });
});

describe("a restock", () => {
  test.each([
    [5, { quantity: -6, available: 5 }, "below_committed"],
    [3, { quantity: -4, available: 5 }, "below_committed"],
    [MAX_UNITS, { quantity: 1, available: 0 }, "too_many"],
    [5, { quantity: 2, available: 5, used: 3 }, "idempotency_key_reused"],
  ])("of a stock of %i by %o is refused", (stock, command, reason) => {
    expect(decideRestock(stock, command)).toMatchObject({ ok: false, reason });
  });

  test("is answered again under its key, even if it would be refused by now", () => {
    const command = { quantity: -5, available: 0, used: -5 };
    expect(decideRestock(0, command)).toEqual({ ok: true, replayed: true, stock: 0 });
  });
});

test("an object from before documents counted restocks keeps its units until it is told", () => {
  const old = { skuId: SKU, revision: 1, terms: null, configuredStock: 50, stocked: 60 } as Setup;
  const stock = { stocked: 60, held: 0, sold: 55 };
  const offer = { ...anOffer(0), stock: 50 };
  expect(decideConfigure(old, stock, { skuId: SKU, revision: 1, offer })).toBeUndefined();
  const newer = decideConfigure(old, stock, { skuId: SKU, revision: 2, offer });
  expect(newer).toMatchObject({ stocked: 55 });
});
