// How much an attempt looks like a machine's: a score from 0 to 100 out of what the edge knows anyway.
// Nobody is tracked, nothing is stored; a score alone never refuses, it only asks for a challenge.

/** What is known about one attempt. */
export interface Signals {
  /** Milliseconds since the page visit began; undefined when there was none. */
  visitAgeMs: number | undefined;
  /** Accounts used from the same address block in the last ten minutes. */
  accountsAtAddress: number;
  /** Limits hit and challenges failed by this user in the last ten minutes. */
  refusals: number;
  /** Number of the network the request came from. */
  asn: number | undefined;
  /** Cloudflare's bot score, 1 (machine) to 99 (person), on plans that have it. */
  botScore: number | undefined;
}

/** Faster than a person reads and presses a button. */
const HASTY_MS = 800;
/** A household, a small office; a carrier's NAT has more. */
const MANY_ACCOUNTS = 20;
const VERY_MANY_ACCOUNTS = 100;
const LOW_BOT_SCORE = 30;

/** Networks that rent out servers (AWS, Google, Azure, DigitalOcean, Hetzner, OVH, Akamai, Vultr …). */
const HOSTING = new Set([
  14618, 16509, 15169, 396982, 8075, 14061, 24940, 16276, 63949, 20473, 45102, 132203, 31898, 51167,
]);

/** Adds up the points, and names what gave them. */
export function scoreRisk(signals: Signals): { score: number; reasons: string[] } {
  const { visitAgeMs, accountsAtAddress, refusals, asn, botScore } = signals;
  const points: [string, number][] = [
    ["no_visit", visitAgeMs === undefined ? 50 : 0],
    ["hasty", visitAgeMs !== undefined && visitAgeMs < HASTY_MS ? 30 : 0],
    [
      "many_accounts",
      accountsAtAddress > VERY_MANY_ACCOUNTS ? 60 : accountsAtAddress > MANY_ACCOUNTS ? 30 : 0,
    ],
    ["refused_before", Math.min(refusals * 5, 30)],
    ["hosting_network", asn !== undefined && HOSTING.has(asn) ? 30 : 0],
    ["bot_score", botScore !== undefined && botScore < LOW_BOT_SCORE ? 40 : 0],
  ];
  const given = points.filter(([, value]) => value > 0);
  return {
    score: Math.min(
      100,
      given.reduce((sum, [, value]) => sum + value, 0),
    ),
    reasons: given.map(([reason]) => reason),
  };
}
