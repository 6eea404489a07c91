// The clock of a hold: how long it may stand still, whatever the buyer and the provider do.
import { expect, test } from "vitest";
import { MAX_PAUSE_MS } from "../../src/inventory/hold-clock.ts";
import type { OrderRow } from "../../src/inventory/order.ts";
import { anOffer, type Command } from "./commands.ts";
import { LedgerModel } from "./ledger-model.ts";

const HOLD_MS = anOffer(1).terms.holdSeconds * 1_000;
const QUESTION = { outcome: "action_required", chargeId: "c", clientSecret: "s" } as const;
const ANSWER = { do: "settle", order: 0, money: QUESTION } as const;
const PAY = { do: "pay", order: 0, token: "tok" } as const;

const tick = (ms: number): Command => ({ do: "tick", ms });

/** An order that came with its payment. */
function givenOrder(): { model: LedgerModel; order: () => OrderRow } {
  const model = new LedgerModel();
  model.apply({ do: "configure", revision: 1, offer: anOffer(1, 100) });
  model.apply({ do: "reserve", user: "ann", quantity: 1, key: "k", body: "b", token: "tok" });
  return { model, order: () => [...model.orders.values()][0] as OrderRow };
}

test("a provider that answers after the longest pause uses up the rest of the hold", () => {
  const { model, order } = givenOrder();
  model.apply(tick(MAX_PAUSE_MS + HOLD_MS - 1_000));
  model.apply(ANSWER);
  expect(order().expiresAt - model.now).toBe(1_000);
});

test("looking a payment up again and again extends a hold by the longest pause at most", () => {
  const { model, order } = givenOrder();
  const { createdAt } = order();
  const lookUpMs = HOLD_MS / 2;
  for (let spentMs = 0; spentMs < 2 * MAX_PAUSE_MS; spentMs += lookUpMs) {
    model.apply(PAY);
    model.apply(tick(lookUpMs));
    model.apply({ do: "expire", order: 0 });
    model.apply({ ...ANSWER, money: { ...QUESTION, clientSecret: `s${spentMs}` } });
  }
  expect(order().status).toBe("expired");
  expect(order().expiresAt - createdAt).toBeLessThanOrEqual(HOLD_MS + MAX_PAUSE_MS);
});
