// The headers that every answer carries: what browsers may do with it.

const CONTENT_POLICY =
  "default-src 'self'; img-src 'self' https:; object-src 'none'; base-uri 'none'; " +
  "frame-ancestors 'none'; form-action 'self'";
/** The one stranger whose code a page may run, and only the page of a sale that can ask for a challenge. */
const CHALLENGES = "https://challenges.cloudflare.com";
const CHALLENGE_POLICY = `${CONTENT_POLICY}; script-src 'self' ${CHALLENGES}; frame-src ${CHALLENGES}`;

/** What browsers may do with any answer of ours. */
const SECURITY_HEADERS = Object.entries({
  "Content-Security-Policy": CONTENT_POLICY,
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Origin-Agent-Cluster": "?1",
  "Referrer-Policy": "same-origin",
  "Strict-Transport-Security": "max-age=15552000; includeSubDomains",
  "X-Content-Type-Options": "nosniff",
  "X-DNS-Prefetch-Control": "off",
  "X-Download-Options": "noopen",
  "X-Frame-Options": "DENY",
  "X-Permitted-Cross-Domain-Policies": "none",
  "X-XSS-Protection": "0",
});

/** An answer that is the same for everybody may be read by scripts of any site. */
export const FOR_ANY_ORIGIN = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Expose-Headers": "X-Request-Id",
  "Cross-Origin-Resource-Policy": "cross-origin",
};

/**
 * Completes an answer's headers, unless `completeHeaders` has made them: the security headers, whether it
 * may be cached (by default it may not), and, where any cache may keep it, that any site may read it. A
 * security header that the answer has already stays as it is.
 */
export function secure(headers: Headers, { challenges = false } = {}): void {
  if (headers.has("Content-Security-Policy")) return;
  if (!headers.has("Cache-Control")) headers.set("Cache-Control", "no-store");
  if (headers.get("Cache-Control")?.startsWith("public")) setAll(headers, FOR_ANY_ORIGIN);
  for (const [name, value] of SECURITY_HEADERS) {
    if (!headers.has(name)) headers.set(name, value);
  }
  if (challenges) headers.set("Content-Security-Policy", CHALLENGE_POLICY);
}

function setAll(headers: Headers, values: Record<string, string>): void {
  for (const [name, value] of Object.entries(values)) headers.set(name, value);
}

/**
 * All headers of an answer that is the same for everybody, but for the request's id. Made once: setting
 * them for every request would cost more than all the rest.
 */
export function completeHeaders(
  own: Record<string, string>,
  may: { challenges?: boolean } = {},
): Headers {
  const headers = new Headers(own);
  secure(headers, may);
  return headers;
}
