// Sends one attempt until it has a true answer: through a sign-in, a challenge, a lost connection, a busy
// moment. Every try carries the same key, so however many arrive, one order is made.
import type { Order } from "../../inventory/order.ts";
import type { Money } from "../../money.ts";
import { NO_DUPLICATE } from "../copy/refusal.ts";
import { type Answer, call, isUnknown } from "./api.ts";
import { type Attempt, become, begin, type End, end } from "./attempt.ts";
import { change } from "./attempt-store.ts";
import type { ChallengePanel } from "./challenge.ts";
import { jitter, pause, pauseOrOnline } from "./delay.ts";
import { leaveWith, signIn } from "./sign-in.ts";
import { visitHeaders } from "./visit-token.ts";

/** Tries that go by themselves; then it is the buyer's turn again. */
const MAX_TRIES = 6;
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 15_000;
/** A visitor's clock that was set back must not keep them waiting. */
const LONGEST_WAIT_MS = 600_000;
const OFFLINE = `No connection. We'll continue when you're back online. ${NO_DUPLICATE}`;
const BUSY = `We're very busy. We'll try again in a moment. ${NO_DUPLICATE}`;
/** Refused before anybody looked whether an earlier try had made an order. */
const EARLY = new Set([401, 403, 404, 429]);

export interface Sending {
  skuId: string;
  quantity: number;
  /** What the buyer saw a unit cost: at another price nothing is ordered. */
  price: Money;
  /** Where the payment must come with the order. */
  paymentToken: string | undefined;
  /** The order this page shows already. */
  seen: string | undefined;
  /** Where a challenge is shown; undefined where none can be. */
  panel(): Promise<ChallengePanel | undefined>;
  /** Hears why it takes longer. */
  tell(text: string): void;
}

/** The last answer, or the order that another tab has got; neither when the buyer gave up. */
export interface Sent {
  answer?: Answer<Order>;
  orderId?: string;
}

export async function send(sending: Sending): Promise<Sent> {
  const { skuId, panel, tell } = sending;
  let attempt = newAttempt(sending);
  let solution: string | undefined;
  for (let tries = 1; ; tries += 1) {
    attempt = (await change(skuId, begin(attempt, sending.seen))) as Attempt;
    if (attempt.orderId) return { orderId: attempt.orderId };
    await untilAllowed(attempt, tell);
    const answer = await ask(sending, attempt, tries, solution);
    attempt = await note(skuId, attempt, answer);
    const { code, challenge } = answer.body;
    // A 202 shows the order as it was accepted, without the payment that came with it.
    if (answer.ok && attempt.paymentToken) answer.body.payment ??= "due";
    if (answer.status === 401) {
      if (await signIn(() => leaveWith(skuId, attempt.quantity))) continue;
      return {};
    }
    const challenger = code === "challenge_required" && (await panel());
    if (challenger && challenge) {
      tell("");
      solution = await challenger.solve(challenge, solution);
      if (solution === undefined) return {};
      continue;
    }
    if (!isUnknown(answer) || tries >= MAX_TRIES) return { answer };
    tell(answer.status === 0 ? OFFLINE : BUSY);
    // The server's wish is honoured in full, before the next try; without one, patience doubles.
    if (answer.retryAfter) continue;
    await pauseOrOnline(Math.min(FIRST_PAUSE_MS * 2 ** tries, MAX_PAUSE_MS) + jitter(500));
  }
}

function newAttempt({ quantity, paymentToken }: Sending): Attempt {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const key = bytes.reduce((text, byte) => text + byte.toString(16).padStart(2, "0"), "");
  return { key, quantity, paymentToken, at: Date.now(), open: 0 };
}

async function untilAllowed({ notBefore = 0 }: Attempt, tell: Sending["tell"]): Promise<void> {
  const early = notBefore - Date.now();
  if (early <= 0) return;
  tell(BUSY);
  await pause(Math.min(early, LONGEST_WAIT_MS) + jitter(FIRST_PAUSE_MS));
}

async function ask(
  { skuId, price }: Sending,
  { key, quantity, paymentToken, open }: Attempt,
  tries: number,
  solution: string | undefined,
): Promise<Answer<Order>> {
  return call<Order>("POST", `/skus/${skuId}/orders`, {
    body: { quantity, paymentToken, unitPrice: price },
    headers: {
      "idempotency-key": key,
      // Only the ledger knows of an earlier try's order: the edge must not answer from memory.
      ...(tries > 1 || open > 1 ? { "idempotency-retry": "true" } : {}),
      ...(await visitHeaders()),
      ...(solution ? { "challenge-token": solution } : {}),
    },
  });
}

/** Keeps what this answer says about the attempt. */
async function note(skuId: string, attempt: Attempt, answer: Answer<Order>): Promise<Attempt> {
  if (answer.ok) {
    await change(skuId, become(attempt, answer.body.id));
    return attempt;
  }
  const how: End = isUnknown(answer) ? "unknown" : EARLY.has(answer.status) ? "refused" : "over";
  const wait = answer.retryAfter * 1_000;
  const kept = await change(skuId, end(attempt, how, wait && Date.now() + wait));
  return { ...attempt, open: kept?.open ?? 0 };
}
