// The orders of people in a line: at their turn, and when they may not order yet.
import { setTimeout as pause } from "node:timers/promises";
import { outcome, retryAfterSeconds } from "../contract.ts";
import { Operator } from "../operator.ts";
import { PROPAGATION_MS } from "../proofs/timeline.ts";
import type { Purchase } from "../recorder.ts";
import type { Buyer } from "../scenario.ts";
import { type LineContext, untilAnswered, waitForUnits } from "./line-waiting.ts";
import { buy, cancel } from "./order-actions.ts";

/** The ways in which a person with a turn does not take one unit. */
export interface Habits {
  /** Orders with so many devices at once. */
  devices: number;
  /** Cancels the accepted order. */
  cancels: boolean;
  /** Repeats the accepted order, without a ticket, as a page that was reloaded elsewhere. */
  repeats: boolean;
}

/** Orders until the person has a unit, or the line is over. */
export async function takeTurn(
  context: LineContext,
  buyer: Buyer,
  ticket: string,
  { devices, cancels, repeats }: Habits,
): Promise<void> {
  const isPaid = buyer.sku.unitPrice.amount > 0 && !cancels;
  const method = isPaid ? { method: "good" as const } : {};
  const send = (purchase: Purchase, shown: { ticket?: string }) =>
    untilAnswered(() => buy(context, buyer, purchase, { kind: "buy (line)", ...method, ...shown }));
  for (let attempt = 0; ; attempt += 1) {
    const purchases = Array.from({ length: devices }, (_, device) =>
      startPurchase(context, buyer, `${attempt}-${device}`),
    );
    const answers = await Promise.all(purchases.map((purchase) => send(purchase, { ticket })));
    const accepted = answers.findIndex(({ status }) => status === 202);
    if (accepted >= 0) {
      if (cancels) await cancel(context, buyer, answers[accepted]?.body.id ?? "");
      if (repeats) await send(purchases[accepted] as Purchase, {});
      return;
    }
    if (answers.some((answer) => outcome(answer) === "user_limit_reached")) return;
    await pause(Math.max(...answers.map(retryAfterSeconds)) * 1_000);
    if (!(await waitForUnits(context, buyer))) return;
  }
}

const startPurchase = ({ recorder, run }: LineContext, { user, sku, nth }: Buyer, name: string) =>
  recorder.startPurchase(user, sku.id, `${run}-${nth}-${name}`);

/** Those who are too early order at a random moment until then. */
const TOO_EARLY_MS = 10_000;

/** Orders once before the opening, and once before anyone is likely to be admitted. */
export async function orderTooEarly(
  context: LineContext,
  buyer: Buyer,
  ticket: string,
): Promise<void> {
  const unopened = startPurchase(context, buyer, "unopened");
  await buy(context, buyer, unopened, {
    kind: "buy (line)",
    ticket,
    alsoExpected: ["sale_not_open"],
  });
  await afterOpening(context, TOO_EARLY_MS * context.chance());
  await buy(context, buyer, startPurchase(context, buyer, "early"), { kind: "buy (line)", ticket });
}

/** The operator denies the person, who orders once the rule is known everywhere. It is lifted before anyone is admitted. */
export async function orderWhileDenied(
  context: LineContext,
  buyer: Buyer,
  ticket: string,
): Promise<void> {
  const { client, record } = context;
  const lift = await new Operator(context).deny(buyer.user);
  const knownAt = client.now() + PROPAGATION_MS;
  await afterOpening(context, Math.max(0, knownAt - record.closesAt) + 500);
  const purchase = startPurchase(context, buyer, "denied");
  await untilAnswered(() =>
    buy(context, buyer, purchase, { kind: "buy (line)", ticket, alsoExpected: ["blocked"] }),
  );
  await lift();
}

/** Waits until so long after the close of registration, when the sale also opens. */
const afterOpening = ({ record, client }: LineContext, ms: number): Promise<void> =>
  pause(Math.max(0, record.closesAt + ms - client.now()));
