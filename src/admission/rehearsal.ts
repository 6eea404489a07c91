// Rehearsals of a real deployment have synthetic people, whom the operator signs: who they are, their address, and whether they
// solved a challenge. A grant is the key to sign them with. It belongs to one rehearsal sale and ends within an hour. Pure.
import * as z from "zod";
import { keyedDigest } from "../digest.ts";
import { readToken, signToken } from "./token.ts";

/** How long a grant can be good for: seconds. */
export const MAX_GRANT_SECONDS = 3_600;

/** User ids that begin with this are those of synthetic people. No other token can name one. */
const SYNTHETIC = "rehearsal~";
/** The bearer token of a synthetic person begins with this. No JWT does. */
const SCHEME = "rehearsal.";
const MAX_TOKEN = 512;
/** The scope of a grant, then the person as signed with it. The algorithm is fixed, so that no token can choose one. */
const TOKEN = /^rehearsal\.(([a-z0-9-]{1,64})\.(\d{10})\.[0-9a-f]{8})\.([\w-]+\.[\w-]{43})$/;

/** The sale and the end of a grant. `expiresAt`: seconds since 1970. `id`: 8 hexadecimal digits, as in the operators' log. */
export interface GrantScope {
  saleId: string;
  expiresAt: number;
  id: string;
}

/** A synthetic person as the operator signs them. `address` counts for the rate limits of their sale, and for nothing else. */
export interface SyntheticPerson {
  name: string;
  address: string;
  hasSolved: boolean;
}

/** The claims of a valid token. Its bearer acts in this sale only. */
export interface Rehearsed extends Omit<SyntheticPerson, "name"> {
  saleId: string;
}

/** A holder of the grant signs it, so its content is not trusted. */
const personSchema = z.tuple([
  z.string().regex(/^[\w-]{1,48}$/),
  z.string().min(1).max(45),
  z.boolean(),
]);

/** The key that signs people in a scope. A grant of another scope, and every other token, has another key. */
const keyOf = (secret: string, scope: string): string =>
  keyedDigest(keyedDigest(secret, "rehearsal"), `grant.${scope}`);

/** Makes a grant. Its holder can sign people, but no other grant. */
export function makeGrant(secret: string, { saleId, expiresAt, id }: GrantScope): string {
  const scope = `${saleId}.${expiresAt}.${id}`;
  return `${scope}.${keyOf(secret, scope)}`;
}

/** Signs a person with a grant. Returns their bearer token. */
export function signPerson(grant: string, { name, address, hasSolved }: SyntheticPerson): string {
  const end = grant.lastIndexOf(".");
  const person = signToken(grant.slice(end + 1), "rehearsal", [name, address, hasSolved]);
  return `${SCHEME}${grant.slice(0, end)}.${person}`;
}

/** The user id of a synthetic person. */
export const syntheticId = (saleId: string, name: string): string =>
  `${SYNTHETIC}${saleId}~${name}`;

export const isSynthetic = (userId: string): boolean => userId.startsWith(SYNTHETIC);

/** Whether a bearer token claims to be that of a synthetic person. */
export const claimsSynthetic = (token: string): boolean => token.startsWith(SCHEME);

/**
 * Returns the bearer of this token. Undefined if it is forged, altered, or expired at `now` (milliseconds). The caller checks that
 * its sale is a rehearsal. Never throws.
 */
export function readPerson(
  secret: string,
  token: string,
  now: number,
): { userId: string; rehearsed: Rehearsed } | undefined {
  if (token.length > MAX_TOKEN) return undefined;
  const [, scope = "", saleId = "", expiresAt, signed = ""] = TOKEN.exec(token) ?? [];
  if (now >= Number(expiresAt ?? 0) * 1_000) return undefined;
  const { data } = personSchema.safeParse(payloadOf(keyOf(secret, scope), signed));
  if (!data) return undefined;
  const [name, address, hasSolved] = data;
  return { userId: syntheticId(saleId, name), rehearsed: { saleId, address, hasSolved } };
}

/** A holder of a grant can sign a text that is not JSON. */
function payloadOf(key: string, signed: string): unknown {
  try {
    return readToken(key, "rehearsal", signed);
  } catch {
    return null;
  }
}
