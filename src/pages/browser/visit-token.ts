// Proof of this page visit, for sales that can ask for a challenge: a signed token, fetched once, at a
// moment of its own so that a crowd does not ask in the same second, or by the first who buys before.
import { type Answer, call } from "./api.ts";
import { jitter } from "./delay.ts";

/** A crowd that reloads at the opening buys soon; one that waits for the opening has time. */
const SPREAD_MS = 2_000;
const LONG_SPREAD_MS = 20_000;
const RETRY_MS = 30_000;
const LONGEST_RETRY_MS = 600_000;
/** A token lives four hours, and pages are left open longer. */
const RENEW_MS = 3 * 3_600_000;

let token: string | undefined;
/** Where the token is fetched; undefined where none is asked for. */
let door: string | undefined;

async function knock(): Promise<Answer<{ token: string }>> {
  const answer = await call<{ token: string }>("POST", `${door}/visits`);
  if (answer.ok) token = answer.body.token;
  return answer;
}

/** What an order carries to show that its buyer has been on the page. Without it they may be challenged. */
export async function visitHeaders(): Promise<Record<string, string>> {
  if (door && !token) await knock();
  return token ? { "visit-token": token } : {};
}

/** Fetches the token of the sale at `path`; never while the sale is closed or nobody looks. */
export function mountVisit(path: string, opensIn: number, isClosed: () => boolean): void {
  let failures = 0;
  door = path;
  const later = (ms: number) => setTimeout(visit, ms);

  async function visit(): Promise<void> {
    if (isClosed()) later(RETRY_MS);
    else if (document.hidden) {
      const back = () => later(jitter(SPREAD_MS));
      document.addEventListener("visibilitychange", back, { once: true });
    } else {
      const answer = await knock();
      failures = answer.ok ? 0 : failures + 1;
      const pause = answer.ok ? RENEW_MS : Math.min(RETRY_MS * failures, LONGEST_RETRY_MS);
      later(Math.max(pause, answer.retryAfter * 1_000) + jitter(RETRY_MS));
    }
  }

  later(jitter(Math.max(SPREAD_MS, Math.min(LONG_SPREAD_MS, opensIn))));
}
