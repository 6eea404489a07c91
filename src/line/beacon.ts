// Fetches a round of the drand beacon from its relays. A round counts only if the chain's key signed it, so no relay has to
// be trusted, and there is no other source of randomness.
import * as z from "zod";
import { type BeaconRound, isSigned, QUICKNET, randomnessOf } from "../admission/beacon-chain.ts";
import type { Chain } from "../admission/draw.ts";
import type { Config } from "../config/config.ts";
import { Breaker } from "../edge/breaker.ts";
import { readText } from "../http/request.ts";
import { causeOf, log } from "../observability/log.ts";
import { withTimeLimit } from "../time-limit.ts";

type BeaconConfig = Pick<Config, "BEACON">;
type RelayConfig = Pick<Config, "BEACON" | "BREAKERS">;

/** Relays of drand's operators, who are not the same. */
const RELAYS = ["https://api.drand.sh", "https://drand.cloudflare.com"];
/** A round has about 220 characters. */
const MAX_BYTES = 4_096;
/** How relays answer for a round that nobody has signed yet. */
const NOT_YET = new Set([404, 425]);

const roundSchema = z.object({
  round: z.int(),
  randomness: z.string().regex(/^[0-9a-f]{64}$/),
  signature: z.string().regex(/^[0-9a-f]{96}$/),
});

/** The chain that new draws name: quicknet, unless the configuration names another one. */
export const chainOf = ({ BEACON }: BeaconConfig): Chain => BEACON?.chain ?? QUICKNET;

/** One for each relay, so that a slow one does not cost every tick its time limit. */
const breakers = new Map<string, Breaker>();

function breakerOf(relay: string): Breaker {
  const breaker = breakers.get(relay) ?? new Breaker(`beacon/${new URL(relay).host}`);
  breakers.set(relay, breaker);
  return breaker;
}

/**
 * Asks one relay after the other for a round of the chain that a draw has named. Null while none has it. A relay that fails
 * or lies is skipped and logged.
 */
export async function fetchRound(
  config: RelayConfig,
  chain: Chain,
  round: number,
): Promise<BeaconRound | null> {
  for (const relay of config.BEACON?.urls ?? RELAYS) {
    try {
      const answer = await breakerOf(relay).run(config.BREAKERS.beacon, () =>
        withTimeLimit(config.BREAKERS.beacon.limitMs, (signal) =>
          askRelay(relay, chain, round, signal),
        ),
      );
      if (answer) return answer;
    } catch (error) {
      log("beacon.relay_skipped", { step: new URL(relay).host, cause: causeOf(error) });
    }
  }
  return null;
}

/** @throws if the relay does not answer properly and in time */
async function askRelay(
  relay: string,
  chain: Chain,
  round: number,
  signal: AbortSignal,
): Promise<BeaconRound | null> {
  const response = await fetch(`${relay}/${chain.hash}/public/${round}`, { signal });
  if (!response.ok) {
    await response.body?.cancel();
    if (NOT_YET.has(response.status)) return null;
    throw new Error(`status ${response.status}`);
  }
  const text = await readText(response, MAX_BYTES);
  if (text === undefined) {
    await response.body?.cancel();
    throw new Error(`more than ${MAX_BYTES} bytes`);
  }
  const answer = roundSchema.parse(JSON.parse(text));
  if (answer.round !== round) throw new Error("another round");
  if (answer.randomness !== (await randomnessOf(answer.signature))) throw new Error("forged");
  if (!(await isSigned(chain, answer))) throw new Error("not signed by the chain's key");
  return answer;
}
