// The switches for an object that acts by itself, such as the payment scheduler: read from the registry, which costs no Redis
// command.
import { causeOf, log } from "../observability/log.ts";
import { type RegistryEnv, registryOf } from "./store.ts";
import {
  type EffectiveSwitches,
  effectiveSwitches,
  type Switch,
  type SwitchTarget,
} from "./switches.ts";

/** How long one answer of the registry counts. A change takes effect within this time. */
export const SWITCHES_COUNT_MS = 2_000;

export class SwitchReader {
  readonly #env: RegistryEnv;
  #switches: readonly Switch[] | undefined;
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  constructor(env: RegistryEnv) {
    this.#env = env;
  }

  /**
   * The switches that apply now. While the registry does not answer, its last answer counts. Undefined if it has not answered
   * since this object woke.
   */
  async read(target: SwitchTarget = {}): Promise<EffectiveSwitches | undefined> {
    if (performance.now() - this.#readAt >= SWITCHES_COUNT_MS) {
      this.#reading ??= this.#read().finally(() => {
        this.#reading = undefined;
      });
      await this.#reading;
    }
    return this.#switches && effectiveSwitches(this.#switches, Date.now(), target);
  }

  async #read(): Promise<void> {
    try {
      this.#switches = (await registryOf(this.#env).switches()).switches;
      this.#readAt = performance.now();
    } catch (error) {
      log("switches.unknown", { cause: causeOf(error) });
    }
  }
}
