// The limit of a whole sale per person: what may be taken, and what reports make of it.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  applyReport,
  decideLease,
  LEASE_MARGIN_MS,
  LEASE_MS,
  type Share,
} from "../../../src/inventory/allowance/decide.ts";
import { AllowanceModel, type Command } from "./model.ts";

const SKUS = 2;
const sku = fc.nat(SKUS - 1);
const nth = fc.nat(8);
const of = <Name extends Command["do"], Fields>(
  names: Name[],
  fields: { [K in keyof Fields]: fc.Arbitrary<Fields[K]> },
) => fc.record({ do: fc.constantFrom(...names), ...fields } as never) as fc.Arbitrary<Command>;

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: of(["ask for a lease"], {
      sku,
      key: fc.nat(2),
      quantity: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 5, arbitrary: of(["attempt arrives"], { nth }) },
  {
    weight: 5,
    arbitrary: of(["report arrives"], { nth, isRepeated: fc.boolean(), isConfirmed: fc.boolean() }),
  },
  { weight: 1, arbitrary: of(["cancel", "expire", "refund a unit"], { nth }) },
  { weight: 2, arbitrary: of(["late money"], { nth }) },
  { weight: 1, arbitrary: of(["attempt is lost", "report is lost"], { nth }) },
  {
    weight: 2,
    arbitrary: of(["ledger crashes", "ledger reports again", "restock"], { sku }),
  },
  { weight: 3, arbitrary: of(["allowance asks"], { sku }) },
  {
    weight: 2,
    arbitrary: of(["time passes"], {
      ms: fc.constantFrom(1, LEASE_MS / 2, LEASE_MS / 2, LEASE_MS + LEASE_MARGIN_MS, 60_000),
    }),
  },
);

const history = fc.record({
  limit: fc.integer({ min: 1, max: 3 }),
  stock: fc.array(fc.nat(6), { minLength: SKUS, maxLength: SKUS }),
  // Long enough for histories in which several things go wrong.
  commands: fc.array(command, { minLength: 30, maxLength: 120, size: "max" }),
});

function play({ limit, stock, commands }: { limit: number; stock: number[]; commands: Command[] }) {
  const model = new AllowanceModel(limit, stock);
  for (const one of commands) {
    model.apply(one);
    expect(model.owned, JSON.stringify(one)).toBeLessThanOrEqual(limit);
  }
  return model;
}

describe("whatever gets lost, repeated, delayed or crashes", () => {
  test("nobody ever has more units of the sale than its limit", () => {
    fc.assert(
      fc.property(history, (one) => void play(one)),
      { numRuns: 3_000 },
    );
  });

  test("once everything is known, everybody can take exactly what is left of their limit", () => {
    fc.assert(
      fc.property(history, (one) => {
        const model = play(one);
        model.settle();
        expect(model.owned).toBeLessThanOrEqual(one.limit);
        const left = one.limit - model.owned;
        const more = model.lease("new", "too-many", left + 1);
        expect(more).toMatchObject({ ok: false, reason: "limit_reached" });
        if (left > 0) expect(model.lease("new", "rest", left)).toMatchObject({ ok: true });
      }),
      { numRuns: 2_000 },
    );
  });
});

const lease = (id: string, until = LEASE_MS) => ({ id, until });
const held = (changes: Partial<Share> = {}): Share => ({
  skuId: "m",
  key: "k",
  quantity: 1,
  leases: [],
  order: { version: 1, units: 1, endsAt: null },
  ...changes,
});
const ask = { skuId: "l", key: "other", quantity: 1, limit: 1 };

describe("a person who asks for a unit", () => {
  test("is refused while they have what the limit allows", () => {
    expect(decideLease([held()], ask, lease("1"), 0)).toEqual({
      ...{ ok: false, reason: "limit_reached", mayHaveOrder: false },
    });
  });

  test("is told to wait, and not refused, while another attempt of theirs is open", () => {
    const open = held({ leases: [lease("1")], order: null });
    expect(decideLease([open], ask, lease("2"), 0)).toMatchObject({
      ...{ reason: "undecided", stale: [] },
    });
    const over = LEASE_MS + LEASE_MARGIN_MS;
    expect(decideLease([open], ask, lease("2"), over)).toMatchObject({ stale: [open] });
  });

  test("is not refused for a hold that may have ended, until its ledger said so", () => {
    const ending = held({ order: { version: 1, units: 1, endsAt: 100 } });
    expect(decideLease([ending], ask, lease("1"), 99)).toMatchObject({ reason: "limit_reached" });
    expect(decideLease([ending], ask, lease("1"), 100)).toMatchObject({
      ...{ reason: "undecided", stale: [ending] },
    });
  });

  test("passes with an attempt that has its order, whatever the limit is now", () => {
    const again = { ...ask, skuId: "m", key: "k", limit: 0 };
    expect(decideLease([held(), held({ key: "k2" })], again, lease("1"), 0)).toEqual({
      ...{ ok: true, lease: null },
    });
  });

  test("takes no more units with a repeated attempt, and keeps them until each try is decided", () => {
    const first = decideLease([], ask, lease("1"), 0);
    const shares = first.ok && first.share ? [first.share] : [];
    const second = decideLease(shares, ask, lease("2"), 0);
    expect(second).toMatchObject({ ok: true, share: { quantity: 1 } });
    const share = second.ok ? second.share : undefined;
    const one = { ...ask, order: null };
    const after = applyReport(share, { ...one, spent: ["2"] });
    expect(after).toMatchObject({ leases: [lease("1")] });
    expect(applyReport(after ?? undefined, { ...one, spent: ["1"] })).toBeNull();
  });
});
