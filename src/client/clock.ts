// The server's clock: the clocks of devices can be wrong by hours, and sales open by the server's.
import { offsetOf, type Sample } from "../pages/browser/clock-offset.ts";
import type { ServerTime } from "./api.gen.ts";
import type { Transport } from "./transport.ts";
import type { Abortable } from "./wait.ts";

const QUESTIONS = 4;

export class ServerClock {
  readonly #transport: Transport;
  /** The difference to the monotonic clock, which no change of the device's clock moves. */
  #offset: number | undefined;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The server's time in milliseconds since 1970. The device's until `sync` has ended. */
  now(): number {
    return this.#offset === undefined ? Date.now() : performance.now() + this.#offset;
  }

  /** Asks the server a few times. The estimate is wrong by at most half of the fastest round trip. */
  async sync({ signal }: Abortable = {}): Promise<void> {
    const samples: Sample[] = [];
    for (let i = 0; i < QUESTIONS; i += 1) {
      const sent = performance.now();
      const { now } = await this.#transport.send<ServerTime>("GET", "/time", { signal });
      samples.push({ sent, received: performance.now(), server: now });
    }
    this.#offset = offsetOf(samples);
  }
}
