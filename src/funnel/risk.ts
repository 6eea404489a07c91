// The bot risk of an attempt: a score from 0 to 100, computed from data the edge has anyway. Tracks no one and stores
// nothing. A high score never refuses an attempt by itself; it only leads to a challenge.

/** The inputs of the score for one attempt. */
export interface Signals {
  /** Milliseconds since the page visit began. Undefined if there was none. */
  visitAgeMs: number | undefined;
  /** Accounts used in the last ten minutes from the same IPv4 address or IPv6 /64. */
  accountsAtAddress: number;
  /** Accounts used in the last ten minutes from the same IPv6 /56. */
  accountsAtSite: number;
  /** Accounts used in the last ten minutes from the same IPv4 /24 or IPv6 /48. */
  accountsInNetwork: number;
  /** Limits hit and challenges failed or ignored by this user in the last ten minutes. */
  refusals: number;
  /** The autonomous system number of the caller's network. */
  asn: number | undefined;
  /** Cloudflare's bot score, from 1 (bot) to 99 (human), on plans that have it. */
  botScore: number | undefined;
}

/** Less time than a person needs to read the page and press a button. */
const HASTY_MS = 800;
/**
 * Above `MANY` accounts a block is suspicious. Above `VERY_MANY` that alone exceeds the default threshold. A household
 * or a small office stays below `MANY`. A carrier's NAT or a mobile carrier's /48 may not, so its customers may get a
 * challenge, but no refusal. Wider blocks have higher bounds, because more unrelated people share them.
 */
const MANY = { accountsAtAddress: 20, accountsAtSite: 40, accountsInNetwork: 60 };
const VERY_MANY = { accountsAtAddress: 100, accountsAtSite: 150, accountsInNetwork: 250 };
type Accounts = typeof MANY;

const exceeds = (signals: Signals, bounds: Accounts): boolean =>
  (Object.keys(bounds) as (keyof Accounts)[]).some((block) => signals[block] > bounds[block]);

const LOW_BOT_SCORE = 30;

/** Networks of hosting providers: AWS, Google, Azure, DigitalOcean, Hetzner, OVH, Akamai, Vultr, and others. */
const HOSTING = new Set([
  14618, 16509, 15169, 396982, 8075, 14061, 24940, 16276, 63949, 20473, 45102, 132203, 31898, 51167,
]);

/** Returns the score (0 to 100) and the signals that added points. */
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
