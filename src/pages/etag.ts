// Strong ETags and If-None-Match.
import type { Context } from "hono";

const ETAG_BYTES = 15;

/** The ETag of these bytes: their truncated SHA-256. */
export async function etagOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes), 0, ETAG_BYTES);
  return `"${digest.toBase64()}"`;
}

/** Whether If-None-Match matches. Weak comparison (RFC 9110): a cache that compresses adds `W/` to the tag. */
export function notModified(c: Context, etag: string): boolean {
  const header = c.req.header("if-none-match");
  if (header === undefined) return false;
  return header
    .split(",")
    .map((tag) => tag.trim().replace(/^W\//, ""))
    .some((tag) => tag === "*" || tag === etag);
}
