// How much an attempt looks like a machine's: a score from 0 to 100 out of what the edge knows anyway.
// Nobody is tracked, nothing is stored; a score alone never refuses, it only asks for a challenge.

/** What is known about one attempt. */
export interface Signals {
  /** Milliseconds since the page visit began; undefined when there was none. */
  visitAgeMs: number | undefined;
  /** Accounts used in the last ten minutes from the same IPv4 address or IPv6 /64, */
  accountsAtAddress: number;
  /** from the same IPv6 /56, */
  accountsAtSite: number;
  /** and from the same IPv4 /24 or IPv6 /48. */
  accountsInNetwork: number;
  /** Limits hit and challenges failed by this user in the last ten minutes. */
  refusals: number;
  /** Number of the network the request came from. */
  asn: number | undefined;
  /** Cloudflare's bot score, 1 (machine) to 99 (person), on plans that have it. */
  botScore: number | undefined;
}

/** Faster than a person reads and presses a button. */
const HASTY_MS = 800;
/**
 * From how many accounts on a block is suspicious, and from how many on by itself enough. A household or a
 * small office stays below the first; a carrier's NAT and a mobile carrier's /48 may not: their customers
 * are asked, never refused. The wider a block, the more strangers share it.
 */
const MANY = { accountsAtAddress: 20, accountsAtSite: 40, accountsInNetwork: 60 };
const VERY_MANY = { accountsAtAddress: 100, accountsAtSite: 150, accountsInNetwork: 250 };
type Accounts = typeof MANY;

const exceeds = (signals: Signals, bounds: Accounts): boolean =>
  (Object.keys(bounds) as (keyof Accounts)[]).some((block) => signals[block] > bounds[block]);

const LOW_BOT_SCORE = 30;

/** Networks that rent out servers (AWS, Google, Azure, DigitalOcean, Hetzner, OVH, Akamai, Vultr …). */
const HOSTING = new Set([
  14618, 16509, 15169, 396982, 8075, 14061, 24940, 16276, 63949, 20473, 45102, 132203, 31898, 51167,
]);

/** Adds up the points, and names what gave them. */
export function scoreRisk(signals: Signals): { score: number; reasons: string[] } {
  const { visitAgeMs, refusals, asn, botScore } = signals;
  const points: [string, number][] = [
    ["no_visit", visitAgeMs === undefined ? 50 : 0],
    ["hasty", visitAgeMs !== undefined && visitAgeMs < HASTY_MS ? 30 : 0],
    ["many_accounts", exceeds(signals, VERY_MANY) ? 60 : exceeds(signals, MANY) ? 30 : 0],
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
