// The payment methods that the buyer of one order may try.

/** Payment methods that one order may try. */
export const MAX_ATTEMPTS = 5;

/** Payments from before there could be several methods store no number. */
interface Attempted {
  attempt?: number;
}

/** Which of the buyer's methods a payment is about, counted from 1. */
export const attemptOf = ({ attempt = 1 }: Attempted): number => attempt;

/** How many further methods the buyer may try. */
export const attemptsLeft = (payment: Attempted | null): number =>
  MAX_ATTEMPTS - (payment ? attemptOf(payment) : 0);

/** The states of a payment in which the buyer may give another method. */
export const ANOTHER_METHOD: ReadonlySet<string> = new Set(["declined", "action_required"]);

interface Paid {
  status: string;
  payment: (Attempted & { state: string; isExternal?: true }) | null;
}

/** The attempts that an order shows. None if its payment is external: the shop's own checkout counts them itself. */
export const shownAttempts = ({ status, payment }: Paid): { attemptsLeft?: number } =>
  status === "reserved" && payment && !payment.isExternal && ANOTHER_METHOD.has(payment.state)
    ? { attemptsLeft: attemptsLeft(payment) }
    : {};
