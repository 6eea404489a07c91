// Properties of the pure decisions under random histories: commands repeat and arrive out of order, and the
// clock jumps.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_ATTEMPTS } from "../../src/inventory/attempts.ts";
import { available } from "../../src/inventory/decide-order.ts";
import { LEAST_LEFT_MS, MAX_PAUSE_MS } from "../../src/inventory/hold-clock.ts";
import { type OrderRow, TRANSITIONS, toOrder } from "../../src/inventory/order.ts";
import { committedAmount, dueRefund, returnsOf, unitsLeft } from "../../src/inventory/returns.ts";
import { anOffer, type Command, history } from "./commands.ts";
import { type Change, LedgerModel } from "./ledger-model.ts";

/** The most by which the clock of a history is ever set back or ahead: 60 steps of a minute, three times each. */
const CLOCK_MS = 60 * 3 * 60_000;

/** Runs random histories, each in a new model, and calls `look` after every command. */
function always(look: (model: LedgerModel, changed: Change[], command: Command) => void): void {
  fc.assert(
    fc.property(history, (commands) => {
      const model = new LedgerModel();
      for (const command of commands) {
        const count = model.apply(command);
        look(model, count === 0 ? [] : model.changes.slice(-count), command);
      }
    }),
    { numRuns: 1_000 },
  );
}

describe("units", () => {
  test("are never oversold: held plus sold never exceed stocked", () => {
    always((model) => {
      expect(available(model.stock)).toBeGreaterThanOrEqual(0);
    });
  });

  test("follow a new sale document, but never drop below held plus sold", () => {
    const newest = { do: "configure", revision: 1_000, offer: anOffer(7) } as const;
    always((model, _, command) => {
      if (command.do !== "configure") return;
      const later = model.copy();
      later.apply(newest);
      const { held, sold, stocked } = later.stock;
      expect(stocked).toBe(Math.max(7, held + sold));
    });
  });

  test("never exceed the limit per buyer", () => {
    always((model, changed) => {
      for (const { before, after } of changed) {
        if (owns(before) || !owns(after)) continue;
        const limit = model.setup?.terms?.perUserLimit ?? 0;
        expect(model.unitsOf(after.userId)).toBeLessThanOrEqual(limit);
      }
    });
  });

  test("are never reserved by a look-up", () => {
    always((_, changed, command) => {
      if (command.do === "reserve" && command.lookUp) expect(changed).toEqual([]);
    });
  });

  test("are never reserved at a price other than the one the buyer saw", () => {
    always((_, changed, command) => {
      if (command.do !== "reserve" || command.seen === undefined) return;
      for (const { after } of changed) expect(after.unitPrice.amount).toBe(command.seen);
    });
  });

  test("are never held again without payment after two unpaid holds", () => {
    always((model, changed, command) => {
      if (command.do !== "reserve" || command.afterUnpaid !== "pay") return;
      for (const { before, after } of changed) {
        if (before || after.unitPrice.amount === 0) continue;
        const unpaid = model
          .stateOf(after.userId)
          .mine.filter(({ status, payment }) => ENDED.includes(status) && payment === null);
        expect(unpaid.length).toBeLessThan(2);
      }
    });
  });

  test("are never reserved before the sale opens or after it closes", () => {
    always((model, changed) => {
      const terms = model.setup?.terms;
      for (const { before, at } of changed) {
        if (before) continue;
        expect(at).toBeGreaterThanOrEqual(terms?.opensAt ?? Number.NaN);
        expect(at).toBeLessThan(terms?.closesAt ?? Number.NaN);
      }
    });
  });
});

const ENDED = ["expired", "cancelled"];

const owns = (row: OrderRow | undefined): boolean =>
  row?.status === "reserved" || row?.status === "confirmed";

describe("orders", () => {
  test("change status only as allowed, and every change raises the version by one", () => {
    always((_, changed) => {
      for (const { before, after, at } of changed) {
        expect(after.changedAt).toBe(at);
        expect(after.version).toBe((before?.version ?? 0) + 1);
        if (!before) expect(after.status).toBe("reserved");
        else if (before.status !== after.status) {
          expect(TRANSITIONS[before.status]).toContain(after.status);
        }
      }
    });
  });

  test("never change their price, quantity, item or owner", () => {
    const fixed = ({
      version,
      changedAt,
      status,
      payment,
      reason,
      expiresAt,
      acceptedUntil,
      returns,
      ...rest
    }: OrderRow) => ({ ...rest, acceptedUntil: acceptedUntil ?? expiresAt });
    always((_, changed) => {
      for (const { before, after } of changed) {
        if (before) expect(fixed(after)).toEqual(fixed(before));
      }
    });
  });

  test("do not change when a command is repeated", () => {
    always((model, changed, command) => {
      // The result of a refund is about the one that is due: repeated, it is about the next one.
      const isOfNext =
        command.do === "settleRefund" && changed.some(({ after }) => dueRefund(after));
      if (command.do !== "tick" && !isOfNext) expect(model.apply(command)).toBe(0);
    });
  });

  test("are unique per user and idempotency key", () => {
    always((model) => {
      const keys = [...model.orders.values()].map((row) => `${row.userId} ${row.idempotencyKey}`);
      expect(new Set(keys).size).toBe(keys.length);
    });
  });

  test("are not duplicated by concurrent attempts of one user", () => {
    always((model, changed, command) => {
      if (command.do !== "reserve") return;
      const askedAt = model.now - (command.flight ?? 0);
      for (const { before, after } of changed) {
        if (before) continue;
        const others = model.stateOf(after.userId).mine.filter((row) => row !== after && owns(row));
        for (const { createdAt } of others) {
          expect(createdAt <= askedAt || createdAt >= askedAt + 30_000).toBe(true);
        }
      }
    });
  });

  test("store at most a hundred further keys of concurrent attempts", () => {
    const model = new LedgerModel();
    model.apply({ do: "configure", revision: 1, offer: anOffer(5) });
    const reserve = { do: "reserve", user: "ann", quantity: 1, body: "b", flight: 1_000 } as const;
    for (let i = 0; i < 1_000; i += 1) model.apply({ ...reserve, key: `key-${i}` });
    expect(model.orders.size).toBe(1);
    expect(model.aliases.get("ann")).toHaveLength(100);
  });

  test("are returned for the same key every time, even if made under another key", () => {
    const answers = new Map<LedgerModel, Map<string, string>>();
    always((model, _, command) => {
      if (command.do !== "reserve") return;
      const { mine, aliases } = model.stateOf(command.user);
      const alias = aliases.find(({ key }) => key === command.key);
      const own = mine.find(({ idempotencyKey }) => idempotencyKey === command.key);
      expect(alias && own).toBeUndefined();
      const orderId = (alias ?? own)?.orderId;
      const known = answers.get(model) ?? new Map<string, string>();
      answers.set(model, known);
      const name = `${command.user} ${command.key}`;
      if (known.has(name)) expect(orderId).toBe(known.get(name));
      else if (orderId) known.set(name, orderId);
    });
  });

  test("never expire before their hold ends, and never at all if they are free", () => {
    always((_, changed) => {
      for (const { before, after, at } of changed) {
        if (before?.status !== "reserved" || after.status !== "expired") continue;
        expect(at).toBeGreaterThanOrEqual(before.expiresAt);
        expect(before.unitPrice.amount).toBeGreaterThan(0);
      }
    });
  });
});

describe("money", () => {
  const NEXT: Record<string, string[]> = {
    none: ["due"],
    due: ["processing", "action_required", "declined", "charged", "refund_due", "voided"],
    processing: ["due", "action_required", "declined", "charged", "refund_due", "voided"],
    action_required: ["due", "processing", "declined", "charged", "refund_due", "voided"],
    declined: ["due", "charged", "refund_due", "voided"],
    voided: ["due", "charged", "refund_due"],
    // A partial refund leaves the rest charged.
    refund_due: ["refunded", "refund_failed", "charged"],
    refund_failed: ["refunded", "refund_due"],
    charged: ["refunded", "refund_due"],
    refunded: ["refund_failed"],
  };

  test("only moves forward, so it is charged once and no part is refunded twice", () => {
    always((_, changed) => {
      for (const { before, after } of changed) {
        const from = before?.payment?.state ?? "none";
        const to = after.payment?.state ?? "none";
        if (from !== to) expect(NEXT[from]).toContain(to);
      }
    });
  });

  test("always matches the status of its order", () => {
    always((model) => {
      for (const row of model.orders.values()) {
        const { status, payment, unitPrice } = row;
        if (unitPrice.amount === 0) expect(payment).toBeNull();
        else if (status === "confirmed") {
          expect(["charged", "refund_due", "refund_failed"]).toContain(payment?.state);
        }
        if (payment?.state === "charged") expect(status).toBe("confirmed");
        if (payment?.state === "refund_due") {
          expect(dueRefund(row) ? ["confirmed", "refunded"] : ["expired", "cancelled"]).toContain(
            status,
          );
        }
        if (payment?.state === "refunded") expect(status).toBe("refunded");
        if (status === "refunded" && unitPrice.amount > 0) {
          // Money of a refund that failed may be sent again.
          expect(dueRefund(row) ? ["refund_due"] : ["refunded", "refund_failed"]).toContain(
            payment?.state,
          );
        }
      }
    });
  });

  test("is never returned beyond the total of the order, and neither are its units", () => {
    always((model) => {
      for (const row of model.orders.values()) {
        const { refunded, refundedQuantity, total } = toOrder(row);
        expect(refunded.amount).toBeLessThanOrEqual(total.amount);
        expect(refundedQuantity).toBeLessThanOrEqual(row.quantity);
        expect(committedAmount(returnsOf(row))).toBeLessThanOrEqual(total.amount);
        expect(unitsLeft(row)).toBeGreaterThanOrEqual(0);
      }
    });
  });

  test("stops the clock of its hold until the provider answers", () => {
    always((_, changed) => {
      for (const { before, after, at } of changed) {
        const pause = before?.payment?.pause;
        if (!pause || after.status !== "reserved" || after.payment?.pause) continue;
        expect(after.expiresAt - at).toBe(pause.left);
      }
    });
  });

  test("leaves a buyer at least a minute after a method was declined", () => {
    always((_, changed) => {
      for (const { before, after, at } of changed) {
        const isAnswer = before?.payment?.state === "due" && before.payment.givenAt !== undefined;
        if (!isAnswer || after.payment?.state !== "declined" || after.status !== "reserved")
          continue;
        const wasLookedUp = after.payment.pause || before.payment?.chargeId;
        if (!wasLookedUp) expect(after.expiresAt - at).toBeGreaterThanOrEqual(60_000);
      }
    });
  });

  test("never holds units longer than the hold, a bounded pause and a minute per method", () => {
    always((model) => {
      for (const row of model.orders.values()) {
        if (row.status !== "reserved" || row.unitPrice.amount === 0) continue;
        const stated = (row.acceptedUntil ?? row.expiresAt) - row.createdAt;
        expect(row.expiresAt - row.createdAt).toBeLessThanOrEqual(
          stated + MAX_PAUSE_MS + MAX_ATTEMPTS * LEAST_LEFT_MS + CLOCK_MS,
        );
      }
    });
  });

  test("tries a bounded number of methods", () => {
    always((model) => {
      for (const { payment } of model.orders.values()) {
        expect(payment?.attempt ?? 1).toBeLessThanOrEqual(MAX_ATTEMPTS);
      }
    });
  });
});
