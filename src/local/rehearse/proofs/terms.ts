// The proofs about the terms of a sale, also while the operator changes them: hours, prices, deny rules.
import { isDeepStrictEqual } from "node:util";
import { outcome } from "../contract.ts";
import type { Evidence } from "../evidence.ts";
import { slackOf, termsDuring } from "./timeline.ts";

/** An operator's change holds everywhere after so long. */
const SPREAD_MS = 5_000;

/** Nobody buys before the sale opens or after it closes, and nobody in between is told that it is not open. */
export function hours(evidence: Evidence): string[] {
  const { ledgerOrders, purchases } = evidence;
  const slack = slackOf(evidence);
  const bought = ledgerOrders.flatMap(({ id, createdAt }) => {
    const at = Date.parse(createdAt);
    const open = termsDuring(evidence, at, at).some(
      ({ opensAt, closesAt }) => opensAt - slack <= at && at < closesAt + slack,
    );
    return open ? [] : [`${id} was accepted at ${createdAt}, outside of the sale's hours`];
  });
  const told = purchases.flatMap(({ user, answers }) =>
    answers.flatMap((answer) => {
      const { sentAt, ms, body, headers } = answer;
      const endsAt = sentAt + ms;
      const what = outcome(answer);
      const terms = termsDuring(evidence, sentAt - SPREAD_MS, endsAt);
      if (what === "sale_not_open" && !terms.some(({ opensAt }) => opensAt > sentAt - slack)) {
        return [`${user} was told sale_not_open after it had opened`];
      }
      if (what === "sale_closed" && !terms.some(({ closesAt }) => closesAt <= endsAt + slack)) {
        return [`${user} was told sale_closed before it closed`];
      }
      const isNew = what === "202" && headers.get("idempotent-replayed") !== "true";
      const madeAt = isNew ? Date.parse(body.createdAt) : sentAt;
      return sentAt - slack <= madeAt && madeAt <= endsAt + slack
        ? []
        : [`${body.id} says it was made at ${body.createdAt}, not while it was asked for`];
    }),
  );
  return [...bought, ...told];
}

/** Everybody pays the price that they saw, or the one that held; a price is called changed only if it is. */
export function prices(evidence: Evidence): string[] {
  const made = evidence.ledgerOrders.flatMap(({ id, createdAt, unitPrice }) => {
    const at = Date.parse(createdAt);
    const held = termsDuring(evidence, at, at).map((terms) => terms.unitPrice);
    return held.some((price) => isDeepStrictEqual(price, unitPrice))
      ? []
      : [`${id} costs ${unitPrice.amount} a unit, the sale said ${held.map((one) => one.amount)}`];
  });
  const told = evidence.purchases.flatMap(({ user, answers }) =>
    answers.flatMap((answer) => {
      const { offered, body, sentAt, ms } = answer;
      const what = outcome(answer);
      if (offered === undefined) return [];
      const same = isDeepStrictEqual(body.unitPrice, offered);
      if (what === "202" && !same) {
        return [
          `${user} offered ${offered.amount} and got ${body.id} for ${body.unitPrice.amount}`,
        ];
      }
      const held = termsDuring(evidence, sentAt, sentAt + ms).map(({ unitPrice }) => unitPrice);
      const isPrice = held.some((price) => isDeepStrictEqual(price, body.unitPrice));
      return what === "price_changed" && (same || !isPrice)
        ? [
            `${user} offered ${offered.amount} and was told that it is ${body.unitPrice?.amount} now`,
          ]
        : [];
    }),
  );
  return [...made, ...told];
}

/** Whoever is denied gets nothing while the rule holds, and is let in again after it was lifted. */
export function denials({ denials, purchases, clockErrorMs }: Evidence): string[] {
  return denials.flatMap(({ user, sentAt, answeredAt, liftSentAt, liftedAt }) =>
    purchases
      .filter((purchase) => purchase.user === user)
      .flatMap(({ answers }) => answers)
      .flatMap((answer) => {
        const endsAt = answer.sentAt + answer.ms;
        const isBlocked = outcome(answer) === "blocked";
        const must = answer.sentAt > answeredAt + SPREAD_MS && endsAt < liftSentAt;
        const may =
          endsAt >= sentAt - clockErrorMs && answer.sentAt <= liftedAt + SPREAD_MS + clockErrorMs;
        if (must && !isBlocked) return [`${user} is denied and was told ${outcome(answer)}`];
        return isBlocked && !may ? [`${user} was blocked without a rule`] : [];
      }),
  );
}
