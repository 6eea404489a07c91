// A ticket: signed proof of when a person registered for a sale. It is worth nothing to anyone else, and nothing is
// stored about it.

import { keyedDigest } from "../digest.ts";
import type { Registrant } from "./place-formula.ts";
import { readToken, signToken } from "./token.ts";

/** The longest ticket, in characters: that of the longest sale id has 182. */
export const MAX_TICKET = 200;

export interface Ticket {
  /** When the person registered: milliseconds. */
  at: number;
  /** Whether the person solved a challenge for it. */
  challenged: boolean;
}

/** The payload is a list, because with names the longest ticket would exceed `MAX_TICKET`. */
type Payload = [saleId: string, subject: string, at: number, challenged: 0 | 1];

/** 96 bits of a keyed hash, so that a ticket does not show the user id. */
const subjectOf = (secret: string, userId: string): string =>
  keyedDigest(secret, `ticket-user.${userId}`).slice(0, 16);

export function signTicket(
  secret: string,
  { saleId, userId }: Registrant,
  { at, challenged }: Ticket,
): string {
  const payload: Payload = [saleId, subjectOf(secret, userId), at, challenged ? 1 : 0];
  return signToken(secret, "ticket", payload);
}

/** The ticket that was issued to this person for this sale. Null for anything else. Never throws. */
export function readTicket(
  secret: string,
  token: string | undefined,
  { saleId, userId }: Registrant,
): Ticket | null {
  if (!token || token.length > MAX_TICKET) return null;
  const payload = readToken(secret, "ticket", token) as Payload | null;
  if (payload?.[0] !== saleId || payload[1] !== subjectOf(secret, userId)) return null;
  return { at: payload[2], challenged: payload[3] === 1 };
}

/** The ticket with the better place. Null if there is none. */
export function earlier(a: Ticket | null, b: Ticket | null): Ticket | null {
  if (!a || !b) return a ?? b;
  return b.at < a.at ? b : a;
}
