// The draw of a sale as it is published, which anyone can check: the commitment before, the seed and the history of
// the frontier afterwards. Pure, for server, browser and tools. `verify-draw.ts` checks it.

/** A drand chain. The hash identifies it. Times are seconds. */
export interface Chain {
  hash: string;
  /** In hexadecimal, like the hash. */
  publicKey: string;
  genesisTime: number;
  period: number;
}

/** The part of a draw that a sale publishes before its registration opens. */
export interface Commitment {
  saleId: string;
  mode: "queue" | "draw";
  /** SHA-256 of the bytes of the seed, in hexadecimal. */
  commitment: string;
  /** The drand round whose randomness decides the places. */
  round: number;
  chain: Chain;
  /** ISO 8601. */
  registrationClosesAt: string;
}

/** A position of the frontier: since when (milliseconds), and the place. */
export type FrontierStep = [at: number, frontier: number];

/** The part of a draw that a sale publishes as soon as the beacon is known. Hexadecimal throughout. */
export interface Revelation {
  seed: string;
  /** SHA-256 of the signature. */
  randomness: string;
  /** The BLS signature of the round. */
  signature: string;
  history: FrontierStep[];
  /** The last link of the chain over the history, see `history.ts`. */
  historyHash: string;
}

/** The answer of `GET /api/sales/{saleId}/draw`. */
export type DrawDocument = Commitment & ({ revealed: false } | ({ revealed: true } & Revelation));

/** The least time between the close and the round, so that nobody knows its randomness while they can still register. */
export const ROUND_DELAY_MS = 10_000;

/** When a round of a chain is published: milliseconds. Round 1 is at the genesis. */
export const roundTime = ({ genesisTime, period }: Chain, round: number): number =>
  (genesisTime + (round - 1) * period) * 1_000;

/** The first round that is published at least ten seconds after `closesAt` (milliseconds). */
export function roundAfter({ genesisTime, period }: Chain, closesAt: number): number {
  const seconds = (closesAt + ROUND_DELAY_MS) / 1_000 - genesisTime;
  return Math.max(1, Math.ceil(seconds / period) + 1);
}

/** The text whose SHA-256 is the next link of the chain over the history. */
export const linkText = (previous: string, [at, frontier]: FrontierStep): string =>
  `${previous}|${at}|${frontier}`;
