// A place in line: a number, the smaller the better. The place of everyone who registered before the close follows from
// the seed, the beacon and the user id. Later ones follow in order of arrival.
import { keyedDigest } from "../digest.ts";
import { type Draw, drawKey, fractionOf, placeMessage, type Registrant } from "./place-formula.ts";

/** The close of registration, and the draw. With the time of a ticket they give its place. `draw` is null until the beacon is known. */
export interface Close {
  /** When registration closes: milliseconds. */
  closesAt: number;
  draw: Draw | null;
}

const fractionFrom = (key: string | Uint8Array, message: string): number =>
  fractionOf(keyedDigest(key, message, "hex"));

/**
 * The place of a person who registered before the close, in [0, 1): the first 52 bits of HMAC-SHA-256, whose key is the
 * seed followed by the randomness, and whose message is the sale id, a line break, and the user id.
 */
export const earlyPlace = (draw: Draw, registrant: Registrant): number =>
  fractionFrom(drawKey(draw), placeMessage(registrant));

/** A tie is less than a millisecond by so much that rounding never reaches the next one. */
const TIE_MS = 0.999;

/**
 * The place of a person who registered at or after the close: 1 plus the seconds after it. Times are milliseconds.
 *
 * @param tie in [0, 1), orders people of the same millisecond
 */
export const latePlace = (at: number, closesAt: number, tie: number): number =>
  1 + (Math.max(0, at - closesAt) + tie * TIE_MS) / 1_000;

/** A keyed hash, so that nobody can choose a user id with a good one. */
const tieOf = (secret: string, registrant: Registrant): number =>
  fractionFrom(secret, `tie.${placeMessage(registrant)}`);

/** The place of a ticket that was issued at `at`. Null while the ticket is early and the beacon is not known. */
export function placeOf(
  secret: string,
  registrant: Registrant,
  at: number,
  { closesAt, draw }: Close,
): number | null {
  if (at >= closesAt) return latePlace(at, closesAt, tieOf(secret, registrant));
  return draw && earlyPlace(draw, registrant);
}
