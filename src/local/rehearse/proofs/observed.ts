// Whether the evidence could have contradicted a proof's claim. Without any, a claim that holds says nothing.
import { outcome } from "../contract.ts";
import type { Evidence } from "../evidence.ts";
import { paidOrders } from "./money.ts";
import { PROPAGATION_MS, termsDuring, termsOf } from "./timeline.ts";

const REFUSALS = ["user_limit_reached", "payment_method_required"];

const answersOf = ({ purchases }: Evidence) => purchases.flatMap(({ answers }) => answers);

export const order = ({ ledgerOrders }: Evidence): boolean => ledgerOrders.length > 0;

export const liveAnswer = ({ live }: Evidence): boolean => live.length > 0;

export const readBack = ({ shown }: Evidence): boolean => shown.size > 0;

export const readByStranger = ({ shown }: Evidence): boolean =>
  [...shown.values()].some(({ stranger }) => stranger !== undefined);

export const refusal = (evidence: Evidence): boolean =>
  answersOf(evidence).some((answer) => REFUSALS.includes(outcome(answer)));

export const stockDecision = (evidence: Evidence): boolean =>
  answersOf(evidence).some((answer) => ["202", "sold_out", ...REFUSALS].includes(outcome(answer)));

export const repeatedRequest = ({ purchases }: Evidence): boolean =>
  purchases.some(({ answers }) => answers.length > 1);

export const orderAction = ({ orderActions }: Evidence): boolean =>
  orderActions.some(({ answer }) => answer !== undefined);

export const payment = ({ books, ledgerOrders }: Evidence): boolean =>
  books !== undefined && ledgerOrders.some(({ total }) => total.amount > 0);

export const paidInTime = (evidence: Evidence): boolean => paidOrders(evidence).size > 0;

export const refund = ({ refunds }: Evidence): boolean => refunds.length > 0;

export function attemptOverLimit(evidence: Evidence): boolean {
  const limit = Math.min(...evidence.history.map((one) => termsOf(evidence, one).perUserLimit));
  const answered = evidence.purchases.filter(({ answers }) => answers.length > 0);
  return [...Map.groupBy(answered, ({ user }) => user).values()].some(
    (own) => own.reduce((sum, { quantity }) => sum + quantity, 0) > limit,
  );
}

export function attemptOutsideHours(evidence: Evidence): boolean {
  return answersOf(evidence).some(({ sentAt, ms }) =>
    termsDuring(evidence, sentAt, sentAt + ms).some(
      ({ opensAt, closesAt }) => sentAt < opensAt || sentAt + ms >= closesAt,
    ),
  );
}

export function attemptWhileDenied({ denials, purchases }: Evidence): boolean {
  return denials.some(({ user, answeredAt, liftSentAt }) =>
    purchases
      .filter((purchase) => purchase.user === user)
      .flatMap(({ answers }) => answers)
      .some(({ sentAt, ms }) => sentAt > answeredAt + PROPAGATION_MS && sentAt + ms < liftSentAt),
  );
}
