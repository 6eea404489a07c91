// Sends one attempt until it has a true answer: through a sign-in, a challenge, a lost connection, a busy
// moment. Every try carries the same key, so however many arrive, one order is made.
import { type Answer, call, jitter, type Order, pause, pauseOrOnline } from "./api.ts";
import type { Attempt } from "./attempts.ts";
import { ChallengePanel } from "./challenge.ts";
import { signIn } from "./sign-in.ts";
import { visitHeaders } from "./visit.ts";

/** Tries that go by themselves; then it is the buyer's turn again. */
const MAX_TRIES = 6;
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 15_000;
const OFFLINE = "No connection. We go on as soon as you are back online; you cannot buy twice.";
const BUSY = "Very busy right now. We try again in a moment; you cannot buy twice.";

/**
 * The last answer: an order, a refusal, or none at all (status 0); undefined when the buyer gave up at a
 * challenge. `tell` hears why it takes longer.
 */
export async function send(
  skuId: string,
  { key, quantity }: Attempt,
  panel: ChallengePanel,
  tell: (text: string) => void,
): Promise<Answer<Order> | undefined> {
  let solution: string | undefined;
  for (let tries = 1; ; tries += 1) {
    const answer = await call<Order>("POST", `/skus/${skuId}/orders`, {
      body: { quantity },
      headers: {
        "idempotency-key": key,
        ...visitHeaders(),
        ...(solution ? { "challenge-token": solution } : {}),
      },
    });
    if (answer.status === 401 && (await signIn())) continue;
    const { code, challenge } = answer.body;
    if (code === "challenge_required" && challenge && ChallengePanel.isAllowed) {
      tell("");
      solution = await panel.solve(challenge, solution);
      if (solution === undefined) return undefined;
      continue;
    }
    const passing = answer.status === 0 || answer.status === 503;
    if (!passing || tries >= MAX_TRIES) return answer;
    tell(answer.status === 0 ? OFFLINE : BUSY);
    // The server's wish is honoured in full; without one, patience doubles.
    if (answer.retryAfter) await pause(answer.retryAfter * 1_000 + jitter(FIRST_PAUSE_MS));
    else await pauseOrOnline(Math.min(FIRST_PAUSE_MS * 2 ** tries, MAX_PAUSE_MS) + jitter(500));
  }
}
