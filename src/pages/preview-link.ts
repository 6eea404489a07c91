// The link to the preview of a sale: signed, bound to that sale, and good until it expires. Nothing is stored about it, so no
// link can be taken back before: it shows a page, and sells nothing.
import { readToken, signToken } from "../admission/token.ts";
import { keyedDigest } from "../digest.ts";

/** The longest token, in characters: that of the longest sale id has 151. */
const MAX_TOKEN = 160;

/** The payload is a list, because the token is part of an address. */
type Payload = [saleId: string, expiresAt: number];

/** A key of its own: no other token that follows from the same secret can ever be a link. */
const keyOf = (secret: string): string => keyedDigest(secret, "preview-link");

/** The token of a link. `expiresAt`: seconds since 1970. */
export const signPreview = (secret: string, saleId: string, expiresAt: number): string =>
  signToken(keyOf(secret), "preview", [saleId, expiresAt] satisfies Payload);

/**
 * When the link to this sale's preview expires, in milliseconds. Undefined if the token is forged, of another sale, or expired
 * at `now` (milliseconds). Never throws.
 */
export function readPreview(
  secret: string,
  saleId: string,
  token: string,
  now: number,
): number | undefined {
  if (token.length > MAX_TOKEN) return undefined;
  const [signedId, expiresAt = 0] = (readToken(keyOf(secret), "preview", token) ?? []) as Payload;
  return signedId === saleId && now < expiresAt * 1_000 ? expiresAt * 1_000 : undefined;
}

/** The address of a preview. The name of the parameter is one that log systems leave out. */
export const previewPath = (saleId: string, token: string): string =>
  `/sales/${saleId}/preview?token=${token}`;
