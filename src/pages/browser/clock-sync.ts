// Asks the server for the time shortly before it matters. The `Date` of other answers has whole seconds
// only: a page that relied on it would open the sale up to two seconds late.
import { call } from "./api.ts";
import { offsetOf, type Sample } from "./clock-offset.ts";
import { jitter, pause } from "./delay.ts";
import { setOffset } from "./server-clock.ts";

/** From so long before on; a crowd of a hundred thousand then asks 15,000 times a second, of no storage. */
export const ASK_WITHIN_MS = 25_000;
const QUESTIONS = 4;
/** Until the first answer, less time may be left than we believe. */
const SPARE_MS = 3_000;
const SHORT_PAUSE_MS = 100;

/** Asks a few times within the `left` milliseconds. Without an answer, what was known before holds. */
export async function askTime(left: number): Promise<void> {
  const share = Math.max(SHORT_PAUSE_MS, (left - SPARE_MS) / QUESTIONS);
  const samples: Sample[] = [];
  for (let i = 0; i < QUESTIONS; i += 1) {
    await pause(jitter(share));
    const sent = performance.now();
    const { ok, body } = await call<{ now: number }>("GET", "/time");
    const received = performance.now();
    if (ok) samples.push({ sent, received, server: body.now });
    setOffset(offsetOf(samples));
  }
}
