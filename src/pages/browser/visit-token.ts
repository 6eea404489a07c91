// The visit token, for sales that can require a challenge: a signed proof of this page visit. Fetched once, at a random
// delay that spreads a crowd's requests, or right before an order that comes earlier.
import { type ApiResponse, call } from "./api.ts";
import { jitter } from "./delay.ts";

/** The range of the delay: short once the sale is open, long while the crowd waits for the opening. */
const SPREAD_MS = 2_000;
const LONG_SPREAD_MS = 20_000;
const RETRY_MS = 30_000;
const LONGEST_RETRY_MS = 600_000;
/** A token is valid for four hours; a page may stay open longer. */
const RENEW_MS = 3 * 3_600_000;

let token: string | undefined;
/** The API path of the sale; undefined if the sale never requires a challenge. */
let salePath: string | undefined;

async function fetchToken(): Promise<ApiResponse<{ token: string }>> {
  const answer = await call<{ token: string }>("POST", `${salePath}/visits`);
  if (answer.ok) token = answer.body.token;
  return answer;
}

/** The header with the visit token, for an order. Without it, the buyer may be challenged. */
export async function visitHeaders(): Promise<Record<string, string>> {
  if (salePath && !token) await fetchToken();
  return token ? { "visit-token": token } : {};
}

/** Fetches and renews the token of the sale at `path`, but not while the sale is closed or the page is hidden. */
export function mountVisit(path: string, opensIn: number, isClosed: () => boolean): void {
  let failures = 0;
  salePath = path;
  const later = (ms: number) => setTimeout(visit, ms);

  async function visit(): Promise<void> {
    if (isClosed()) later(RETRY_MS);
    else if (document.hidden) {
      const back = () => later(jitter(SPREAD_MS));
      document.addEventListener("visibilitychange", back, { once: true });
    } else {
      const answer = await fetchToken();
      failures = answer.ok ? 0 : failures + 1;
      const pause = answer.ok ? RENEW_MS : Math.min(RETRY_MS * failures, LONGEST_RETRY_MS);
      later(Math.max(pause, answer.retryAfter * 1_000) + jitter(RETRY_MS));
    }
  }

  later(jitter(Math.max(SPREAD_MS, Math.min(LONG_SPREAD_MS, opensIn))));
}
