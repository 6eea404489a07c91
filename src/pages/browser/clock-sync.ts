// Measures the server's clock shortly before a sale opens. The `Date` header has whole seconds only: a page that
// relied on it would open the sale up to two seconds late.
import { call } from "./api.ts";
import { offsetOf, type Sample } from "./clock-offset.ts";
import { jitter, pause } from "./delay.ts";
import { setOffset } from "./server-clock.ts";

/** When to start before the opening. A crowd of 100,000 then sends 15,000 requests a second, without I/O. */
export const MEASURE_WITHIN_MS = 25_000;
const QUESTIONS = 4;
/** A margin, because before the first response less time may be left than estimated. */
const SPARE_MS = 3_000;
const SHORT_PAUSE_MS = 100;

/** Sends a few requests within the `left` milliseconds. Without a response, the previous estimate stays. */
export async function measureServerClock(left: number): Promise<void> {
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
