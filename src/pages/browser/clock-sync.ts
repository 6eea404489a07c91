// Measures the server's clock shortly before a sale opens. The `Date` header has whole seconds only: a page that
// relied on it would open the sale up to two seconds late.
import { offsetOf, type Sample } from "./clock-offset.ts";
import { jitter, pause } from "./delay.ts";
import type { PanelHost } from "./panel-host.ts";

/** When to start before the opening. A crowd of 100,000 then sends 15,000 requests a second, without I/O. */
const MEASURE_WITHIN_MS = 25_000;
const QUESTIONS = 4;
/** A margin, because before the first response less time may be left than estimated. */
const SPARE_MS = 3_000;
const SHORT_PAUSE_MS = 100;

export class ClockSync {
  readonly #host: PanelHost;
  /** The opening for which the clock was measured. */
  #measuredFor: number | undefined;

  constructor(host: PanelHost) {
    this.#host = host;
  }

  /** Measures the clock again: the estimate was discarded. */
  forget(): void {
    this.#measuredFor = undefined;
  }

  /** Measures the clock once for each opening. A hidden page does so when the visitor returns. */
  measureFor(opensAt: number): void {
    const left = opensAt - this.#host.now();
    if (document.hidden || left <= 0 || left > MEASURE_WITHIN_MS) return;
    if (this.#measuredFor === opensAt) return;
    this.#measuredFor = opensAt;
    void this.#measure(left);
  }

  /** Sends a few requests within the `left` milliseconds. Without a response, the previous estimate stays. */
  async #measure(left: number): Promise<void> {
    const { call, setOffset } = this.#host;
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
}
