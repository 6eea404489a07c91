// Checks a published draw against drand and against itself. Trusts nothing in the document and asks nobody, so anyone can
// run it on a saved copy: the buyer's page, `npm run verify-draw`, and tests.
import { isSigned, QUICKNET, randomnessOf } from "./beacon-chain.ts";
import {
  type Chain,
  type DrawDocument,
  type FrontierStep,
  linkText,
  roundAfter,
  roundTime,
} from "./draw.ts";
import { fromHex } from "./hex.ts";
import { parseDraw } from "./parse-draw.ts";
import { earlyPlaceWeb } from "./place-web.ts";
import { sha256 } from "./sha256-web.ts";

export interface DrawCheck {
  name:
    | "document"
    | "beacon"
    | "round"
    | "revealed"
    | "commitment"
    | "signature"
    | "randomness"
    | "history"
    | "place";
  ok: boolean;
  /** The finding, in words for the buyer. */
  detail: string;
}

/** Whose place to check, and the chain to trust (default: drand's quicknet). */
export interface DrawQuestion {
  userId?: string;
  place?: number;
  chain?: Chain;
}

type Revealed = Extract<DrawDocument, { revealed: true }>;

/**
 * Checks a document of `GET /api/sales/{saleId}/draw`, or any other value. The draw is proven if every check is ok. Before
 * the reveal the check `revealed` fails, because nothing is proven yet. Never throws.
 */
export async function verifyDraw(
  document: unknown,
  { userId, place, chain = QUICKNET }: DrawQuestion = {},
): Promise<DrawCheck[]> {
  const draw = parseDraw(document);
  if (typeof draw === "string") return [check("document", false, `This is not a draw: ${draw}`)];
  const checks = [
    check("document", true, `The draw of the sale "${draw.saleId}" is complete`),
    checkBeacon(draw, chain),
    checkRound(draw),
    checkRevealed(draw),
  ];
  if (!draw.revealed) return checks;
  checks.push(
    await checkCommitment(draw),
    await checkSignature(draw),
    await checkRandomness(draw),
    await checkHistory(draw),
  );
  if (userId !== undefined && place !== undefined) {
    checks.push(await checkPlace(draw, userId, place));
  }
  return checks;
}

const check = (name: DrawCheck["name"], ok: boolean, detail: string): DrawCheck => ({
  name,
  ok,
  detail,
});

/** A hostile document can name a round beyond the end of all dates. */
function timeOf({ chain, round }: DrawDocument): string {
  const time = new Date(roundTime(chain, round));
  return Number.isNaN(time.getTime()) ? "an impossible time" : time.toISOString();
}

function checkBeacon({ chain }: DrawDocument, trusted: Chain): DrawCheck {
  const names = ["hash", "publicKey", "genesisTime", "period"] as const;
  const other = names.filter((name) => chain[name] !== trusted[name]);
  return other.length === 0
    ? check("beacon", true, `The beacon is the drand chain ${chain.hash}`)
    : check("beacon", false, `The beacon is not the drand chain ${trusted.hash}: ${other} differs`);
}

function checkRound(draw: DrawDocument): DrawCheck {
  const { chain, round, registrationClosesAt } = draw;
  const expected = roundAfter(chain, Date.parse(registrationClosesAt));
  return round === expected
    ? check("round", true, `Round ${round}, of ${timeOf(draw)}, follows from the close`)
    : check("round", false, `Round ${expected} follows from the close, not round ${round}`);
}

const checkRevealed = (draw: DrawDocument): DrawCheck =>
  draw.revealed
    ? check("revealed", true, "The seed and the round are published")
    : check("revealed", false, `Nothing is revealed yet. The round is due at ${timeOf(draw)}`);

async function checkCommitment({ seed, commitment }: Revealed): Promise<DrawCheck> {
  return (await sha256(fromHex(seed))) === commitment
    ? check("commitment", true, "The seed is the one of the commitment")
    : check("commitment", false, "The commitment was made for another seed");
}

async function checkSignature({ chain, round, signature }: Revealed): Promise<DrawCheck> {
  return (await isSigned(chain, { round, signature }))
    ? check("signature", true, `The beacon signed round ${round}`)
    : check("signature", false, `This is not the beacon's signature of round ${round}`);
}

async function checkRandomness({ signature, randomness }: Revealed): Promise<DrawCheck> {
  return (await randomnessOf(signature)) === randomness
    ? check("randomness", true, "The random number is the SHA-256 of the signature")
    : check("randomness", false, "The random number is not the SHA-256 of the signature");
}

async function checkHistory(draw: Revealed): Promise<DrawCheck> {
  const { history, historyHash, commitment } = draw;
  const wrong = history.findIndex((step, index) => !mayFollow(draw, history[index - 1], step));
  if (wrong >= 0) {
    return check("history", false, `Step ${wrong + 1} of the frontier goes back, or is too early`);
  }
  let link = commitment;
  for (const step of history) link = await sha256(linkText(link, step));
  return link === historyHash
    ? check("history", true, `The frontier moved ${history.length} times, and never back`)
    : check("history", false, "The history does not fit its hash");
}

/** Whether a step may follow the one before. The first may not be before the round. */
function mayFollow(draw: Revealed, before: FrontierStep | undefined, [at, frontier]: FrontierStep) {
  const [from, least] = before ?? [roundTime(draw.chain, draw.round), 0];
  return at >= from && frontier >= least;
}

async function checkPlace(draw: Revealed, userId: string, place: number): Promise<DrawCheck> {
  const expected = await earlyPlaceWeb(draw, { saleId: draw.saleId, userId });
  if (place === expected) {
    return check("place", true, `The place of "${userId}" is ${place}, as drawn`);
  }
  const why = place >= 1 ? " (a place of 1 or more is that of a late arrival, not drawn)" : "";
  return check("place", false, `The place of "${userId}" is ${expected}, not ${place}${why}`);
}
