// The proofs about the terms of a sale, including while the operator edits them: hours, prices, deny rules.
import { isDeepStrictEqual } from "node:util";
import { outcome } from "../contract.ts";
import type { Evidence } from "../evidence.ts";
import type { OrderAnswer } from "../recorder.ts";
import { PROPAGATION_MS, termsDuring, toleranceOf } from "./timeline.ts";

/** Orders are accepted only while the sale is open. Refusals and timestamps agree with its hours. */
export function openingHours(evidence: Evidence): string[] {
  const tolerance = toleranceOf(evidence);
  const accepted = evidence.ledgerOrders.flatMap(({ id, createdAt }) => {
    const at = Date.parse(createdAt);
    const isOpen = termsDuring(evidence, at, at).some(
      ({ opensAt, closesAt }) => opensAt - tolerance <= at && at < closesAt + tolerance,
    );
    return isOpen ? [] : [`${id} was accepted at ${createdAt}, while the sale was closed`];
  });
  const answered = evidence.purchases.flatMap(({ user, answers }) =>
    answers.flatMap((answer) => answerOutsideHours(evidence, user, answer)),
  );
  return [...accepted, ...answered];
}

function answerOutsideHours(evidence: Evidence, user: string, answer: OrderAnswer): string[] {
  const { sentAt, ms, body, headers } = answer;
  const endsAt = sentAt + ms;
  const tolerance = toleranceOf(evidence);
  const what = outcome(answer);
  const terms = termsDuring(evidence, sentAt - PROPAGATION_MS, endsAt);
  if (what === "sale_not_open" && !terms.some(({ opensAt }) => opensAt > sentAt - tolerance)) {
    return [`${user} got sale_not_open after the sale opened`];
  }
  if (what === "sale_closed" && !terms.some(({ closesAt }) => closesAt <= endsAt + tolerance)) {
    return [`${user} got sale_closed before the sale closed`];
  }
  const isNew = what === "202" && headers.get("idempotent-replayed") !== "true";
  const createdAt = isNew ? Date.parse(body.createdAt) : sentAt;
  return sentAt - tolerance <= createdAt && createdAt <= endsAt + tolerance
    ? []
    : [`${body.id} has createdAt ${body.createdAt}, outside the time of its request`];
}

/**
 * Every order has a price in force when it was created, and the price its buyer offered. `price_changed` is
 * answered only if the price has changed, and states the new one.
 */
export function prices(evidence: Evidence): string[] {
  const charged = evidence.ledgerOrders.flatMap(({ id, createdAt, unitPrice }) => {
    const at = Date.parse(createdAt);
    const inForce = termsDuring(evidence, at, at).map((terms) => terms.unitPrice);
    const amounts = inForce.map(({ amount }) => amount).join(" or ");
    return inForce.some((price) => isDeepStrictEqual(price, unitPrice))
      ? []
      : [`${id} has unit price ${unitPrice.amount}, but the sale's was ${amounts}`];
  });
  const answered = evidence.purchases.flatMap(({ user, answers }) =>
    answers.flatMap((answer) => wrongPriceAnswer(evidence, user, answer)),
  );
  return [...charged, ...answered];
}

function wrongPriceAnswer(evidence: Evidence, user: string, answer: OrderAnswer): string[] {
  const { offeredPrice, body, sentAt, ms } = answer;
  if (offeredPrice === undefined) {
    return [];
  }
  const what = outcome(answer);
  const isSame = isDeepStrictEqual(body.unitPrice, offeredPrice);
  if (what === "202" && !isSame) {
    return [`${user} offered ${offeredPrice.amount}, but ${body.id} has ${body.unitPrice.amount}`];
  }
  const inForce = termsDuring(evidence, sentAt, sentAt + ms).map(({ unitPrice }) => unitPrice);
  const isInForce = inForce.some((price) => isDeepStrictEqual(price, body.unitPrice));
  return what === "price_changed" && (isSame || !isInForce)
    ? [`${user} offered ${offeredPrice.amount} and got price_changed to ${body.unitPrice?.amount}`]
    : [];
}

/** A denied buyer is blocked while the rule applies everywhere, and never before it or after its removal. */
export function denyRules({ denials, purchases, clockErrorMs }: Evidence): string[] {
  return denials.flatMap(({ user, sentAt, answeredAt, liftSentAt, liftedAt }) =>
    purchases
      .filter((purchase) => purchase.user === user)
      .flatMap(({ answers }) => answers)
      .flatMap((answer) => {
        const endsAt = answer.sentAt + answer.ms;
        const isBlocked = outcome(answer) === "blocked";
        const mustBeBlocked = answer.sentAt > answeredAt + PROPAGATION_MS && endsAt < liftSentAt;
        const mayBeBlocked =
          endsAt >= sentAt - clockErrorMs &&
          answer.sentAt <= liftedAt + PROPAGATION_MS + clockErrorMs;
        if (mustBeBlocked && !isBlocked) {
          return [`${user} is denied but got ${outcome(answer)}`];
        }
        return isBlocked && !mayBeBlocked ? [`${user} was blocked without a deny rule`] : [];
      }),
  );
}
