// A model of restocks between registry and object. Whatever is lost, repeated, or bought in between, each key is applied
// once, and document and object agree in the end.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decideConfigure,
  decideRestock,
  MAX_UNITS,
  type Setup,
} from "../../src/inventory/decide-stock.ts";
import { anOffer, SKU, START } from "../inventory/commands.ts";

/** The registry's document of one SKU, and the object that sells it. */
class Model {
  stock: number;
  revision = 1;
  readonly keys = new Map<string, number>();
  setup: Setup | null = null;
  committed = 0;

  constructor(stock: number) {
    this.stock = stock;
    this.configure();
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

  /** The first step, in the registry. If `configure` does not follow, the process died in between. */
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

  /** The second step, also run by the reconciliation: configures the object, which may correct the document. */
  configure(): void {
    const { revision, stock } = this;
    const offer = { ...anOffer(0), stock };
    const units = { stocked: this.stocked, held: 0, sold: this.committed };
    this.setup =
      decideConfigure(this.setup, units, { skuId: SKU, revision, offer }, START) ?? this.setup;
    if (this.stocked !== stock) {
      this.write(this.stocked);
      this.configure();
    }
  }

  sell(units: number): void {
    this.committed += Math.min(units, this.free);
  }
}

type Step = (model: Model) => void;

const key = fc.constantFrom("k1", "k2", "k3", "k4");
const quantity = fc.integer({ min: -8, max: 8 }).filter((units) => units !== 0);
/** The free units may have been read before other purchases. */
const restock = fc.tuple(key, quantity, fc.option(fc.nat(10), { nil: undefined })).map(
  ([name, units, seen]): Step =>
    (model) =>
      void model.restock(name, units, seen),
);
const put = fc.nat(30).map(
  (stock): Step =>
    (model) =>
      void model.put(stock),
);
const sell = fc.nat(5).map(
  (units): Step =>
    (model) =>
      model.sell(units),
);
const configure = fc.constant<Step>((model) => model.configure());
const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: restock },
    { weight: 1, arbitrary: put },
    { weight: 3, arbitrary: sell },
    { weight: 3, arbitrary: configure },
  ),
  { maxLength: 40 },
);

describe("stock", () => {
  test("is equal in document and object after configuration, and is never oversold", () => {
    fc.assert(
      fc.property(fc.nat(20), steps, (stock, history) => {
        const model = new Model(stock);
        for (const step of history) {
          step(model);
          expect(model.free).toBeGreaterThanOrEqual(0);
        }
        model.configure();
        expect(model.stock).toBe(model.stocked);
        expect(model.stock).toBeGreaterThanOrEqual(model.committed);
      }),
      { numRuns: 2_000 },
    );
  });

  test("includes each restock once, however often it is repeated or interrupted", () => {
    const attempts = fc.array(fc.tuple(key, fc.integer({ min: 1, max: 9 }), fc.boolean()), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(fc.nat(20), attempts, (stock, tries) => {
        const model = new Model(stock);
        for (const [name, units, survives] of tries) {
          model.restock(name, units);
          if (survives) model.configure();
        }
        model.configure();
        const added = [...model.keys.values()].reduce((sum, units) => sum + units, 0);
        expect(model.stocked).toBe(stock + added);
      }),
    );
  });

  test("equals the last PUT: 50, plus 10, then a PUT of 60 is 60", () => {
    const model = new Model(50);
    model.restock("k", 10);
    model.configure();
    model.put(60);
    model.configure();
    expect([model.stock, model.stocked]).toEqual([60, 60]);
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

  test("is replayed by its key, even if it would be refused now", () => {
    const command = { quantity: -5, available: 0, used: -5 };
    expect(decideRestock(0, command)).toEqual({ ok: true, replayed: true, stock: 0 });
  });
});

test("an object of an earlier release keeps its extra units until it gets a new revision", () => {
  const old = { skuId: SKU, revision: 1, terms: null, configuredStock: 50, stocked: 60 } as Setup;
  const stock = { stocked: 60, held: 0, sold: 55 };
  const offer = { ...anOffer(0), stock: 50 };
  expect(decideConfigure(old, stock, { skuId: SKU, revision: 1, offer }, START)).toBeUndefined();
  const newer = decideConfigure(old, stock, { skuId: SKU, revision: 2, offer }, START);
  expect(newer).toMatchObject({ stocked: 55 });
});
