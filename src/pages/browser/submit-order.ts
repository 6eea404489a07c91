// Submits one attempt until its outcome is known, through a sign-in, a challenge, a lost connection, or an overloaded
// server. Every request carries the same key, so at most one order is placed.
import type { Order } from "../../inventory/order.ts";
import type { Money } from "../../values/money.ts";
import { type ApiResponse, call, isUnknown } from "./api.ts";
import {
  type Attempt,
  endRequest,
  forgetAttempt,
  type RequestEnd,
  recordOrder,
  startRequest,
} from "./attempt.ts";
import { updateAttempt } from "./attempt-store.ts";
import type { ChallengePanel } from "./challenge.ts";
import { jitter, pause, pauseOrOnline } from "./delay.ts";
import { WORDING } from "./locale.ts";
import { type SavedPurchase, saveStep } from "./saved-step.ts";
import { signIn } from "./sign-in.ts";
import { visitHeaders } from "./visit-token.ts";

/** Automatic requests for one press; after that the buyer has to press again. */
const MAX_TRIES = 6;
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 15_000;
/** Caps a wait, in case the visitor's clock was set back. */
const LONGEST_WAIT_MS = 600_000;
/** Statuses sent before the server looks for an order from an earlier request. */
const BEFORE_LOOKUP = new Set([401, 403, 404, 429]);

const delayText = (isOffline: boolean): string => {
  const { words, join } = WORDING;
  return join(isOffline ? words.sale.offline : words.sale.busy, words.common.noDuplicate);
};

export interface Submission {
  skuId: string;
  quantity: number;
  /** The unit price that the buyer saw: at another price nothing is ordered. */
  price: Money;
  /** Set if the payment must come with the order. */
  paymentToken: string | undefined;
  /** The account that entered the card, if the page knows it. */
  payer: string | undefined;
  /** The order that this page already shows. */
  seen: string | undefined;
  /** The challenge panel; undefined if this page cannot show one. */
  panel(): Promise<ChallengePanel | undefined>;
  /** Shows why the submission takes longer; an empty text clears it. */
  showStatus(text: string): void;
}

/** The last response, or the order that another tab placed; neither if the buyer canceled. */
export interface SubmissionResult {
  answer?: ApiResponse<Order>;
  orderId?: string;
  /** The attempt was that of another account. It is forgotten, and nothing was ordered. */
  isAnothers?: true;
}

export async function submitOrder(submission: Submission): Promise<SubmissionResult> {
  const { skuId, panel, showStatus } = submission;
  let attempt = await newAttempt(submission);
  const { key } = attempt;
  let isNewlySignedIn = false;
  let solution: string | undefined;
  for (let tries = 1; ; tries += 1) {
    attempt = (await updateAttempt(skuId, startRequest(attempt, submission.seen))) as Attempt;
    if (attempt.orderId) return { orderId: attempt.orderId };
    await untilAllowed(attempt, showStatus);
    const isOld = attempt.key !== key || isNewlySignedIn;
    const session = isOld && attempt.paymentToken ? await readSession() : undefined;
    const user = session?.body.user;
    if (user && user.id !== attempt.payer) {
      await updateAttempt(skuId, forgetAttempt(attempt));
      return { isAnothers: true };
    }
    // The card is not sent while nobody knows who is signed in.
    const answer =
      session?.ok === false ? session : await postOrder(submission, attempt, tries, solution);
    attempt = await recordResult(skuId, attempt, answer);
    const { code, challenge } = answer.body;
    // A 202 contains the order as accepted, before the payment that came with it.
    if (answer.ok && attempt.paymentToken) answer.body.payment ??= "due";
    if (answer.status === 401) {
      const step = { of: skuId, quantity: attempt.quantity };
      if (!(await signIn(() => saveStep<SavedPurchase>(step)))) return {};
      isNewlySignedIn = true;
      if (attempt.open === 0) attempt = { ...attempt, paymentToken: undefined };
      continue;
    }
    const challenger = code === "challenge_required" && (await panel());
    if (challenger && challenge) {
      showStatus("");
      solution = await challenger.solve(challenge, solution);
      if (solution === undefined) return {};
      continue;
    }
    // The page knows whose turn it is. Another edge may learn of it a moment later.
    const isTurn = code === "not_admitted_yet";
    if ((!isUnknown(answer) && !isTurn) || tries >= MAX_TRIES) return { answer };
    showStatus(delayText(answer.status === 0));
    // `untilAllowed` waits out a Retry-After; without one, back off exponentially.
    if (answer.retryAfter && !isTurn) continue;
    await pauseOrOnline(Math.min(FIRST_PAUSE_MS * 2 ** tries, MAX_PAUSE_MS) + jitter(500));
  }
}

/** Reads the session: its user, or null. A refusal is returned like that of an order. */
const readSession = () => call<Order & { user: { id: string } | null }>("GET", "/session");

async function newAttempt({ quantity, paymentToken, ...known }: Submission): Promise<Attempt> {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const key = bytes.reduce((text, byte) => text + byte.toString(16).padStart(2, "0"), "");
  const attempt = { key, quantity, at: Date.now(), open: 0 };
  if (!paymentToken) return attempt;
  const payer = known.payer ?? (await readSession()).body.user?.id;
  return { ...attempt, paymentToken, payer };
}

async function untilAllowed(
  { notBefore = 0 }: Attempt,
  showStatus: Submission["showStatus"],
): Promise<void> {
  const early = notBefore - Date.now();
  if (early <= 0) return;
  showStatus(delayText(false));
  await pause(Math.min(early, LONGEST_WAIT_MS) + jitter(FIRST_PAUSE_MS));
}

async function postOrder(
  { skuId, price }: Submission,
  { key, quantity, paymentToken, open }: Attempt,
  tries: number,
  solution: string | undefined,
): Promise<ApiResponse<Order>> {
  return call<Order>("POST", `/skus/${skuId}/orders`, {
    body: { quantity, paymentToken, unitPrice: price },
    headers: {
      "idempotency-key": key,
      // Only the ledger has the order of an earlier request, so the edge must not answer from memory.
      ...(tries > 1 || open > 1 ? { "idempotency-retry": "true" } : {}),
      ...(await visitHeaders()),
      ...(solution ? { "challenge-token": solution } : {}),
    },
  });
}

/** Stores the result of a request with the attempt. */
async function recordResult(
  skuId: string,
  attempt: Attempt,
  answer: ApiResponse<Order>,
): Promise<Attempt> {
  if (answer.ok) {
    await updateAttempt(skuId, recordOrder(attempt, answer.body.id));
    return attempt;
  }
  const how: RequestEnd = isUnknown(answer)
    ? "unknown"
    : BEFORE_LOOKUP.has(answer.status)
      ? "refused"
      : "over";
  const wait = answer.retryAfter * 1_000;
  const kept = await updateAttempt(skuId, endRequest(attempt, how, wait && Date.now() + wait));
  return { ...attempt, open: kept?.open ?? 0 };
}
