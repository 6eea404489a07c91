// The server's clock: the clocks of devices can be wrong by hours, and sales open by the server's.
import { offsetOf, type Sample } from "../pages/browser/clock-offset.ts";
import type { ServerTime } from "./api.gen.ts";
import type { Transport } from "./transport.ts";
import type { Abortable } from "./wait.ts";

const QUESTIONS = 4;

/** Milliseconds that no change of the device's clock moves, where the platform has such a clock. */
const elapsed = (): number =>
  (globalThis as { performance?: Pick<Performance, "now"> }).performance?.now() ?? Date.now();

export class ServerClock {
  readonly #transport: Transport;
  /** The difference to `elapsed`. */
  #offset: number | undefined;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The server's time in milliseconds since 1970. The device's until `sync` or the first live stock. */
  now(): number {
    return this.#offset === undefined ? Date.now() : elapsed() + this.#offset;
  }

  /** Asks the server a few times. The estimate is wrong by at most half of the fastest round trip. */
  async sync({ signal }: Abortable = {}): Promise<void> {
    const samples: Sample[] = [];
    for (let i = 0; i < QUESTIONS; i += 1) {
      const sent = elapsed();
      const { now } = await this.#transport.send<ServerTime>("GET", "/time", { signal });
      samples.push({ sent, received: elapsed(), server: now });
    }
    this.#offset = offsetOf(samples);
  }

  /** Takes note of a time of the server, in milliseconds. It has passed when it arrives, so the estimate never lies before. */
  observe(serverTime: number): void {
    const bound = serverTime - elapsed();
    if (Number.isNaN(bound)) return;
    if (this.#offset === undefined || bound > this.#offset) this.#offset = bound;
  }
}
