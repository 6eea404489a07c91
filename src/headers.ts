// The headers of every response: what browsers and caches may do with it.

const CONTENT_POLICY =
  "default-src 'self'; img-src 'self' https:; object-src 'none'; base-uri 'none'; " +
  "frame-ancestors 'none'; form-action 'self'";
/** The only third party whose code a page may run, and only on pages of sales that can require a challenge. */
const CHALLENGES = "https://challenges.cloudflare.com";
const CHALLENGE_POLICY = `${CONTENT_POLICY}; script-src 'self' ${CHALLENGES}; frame-src ${CHALLENGES}`;

/** The security headers of every response. */
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

/** Lets scripts of any site read responses that are the same for every caller. */
export const FOR_ANY_ORIGIN = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Expose-Headers": "X-Request-Id",
  "Cross-Origin-Resource-Policy": "cross-origin",
};

/**
 * Completes a response's headers, unless `completeHeaders` has built them: security headers, `no-store` by default, and
 * for publicly cacheable responses access from any site. Existing security headers are not overwritten.
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
 * All headers of a response that is the same for every caller, except the request id. Build them once per kind of
 * response: setting them on every request would cost more than the rest of it.
 */
export function completeHeaders(
  own: Record<string, string>,
  may: { challenges?: boolean } = {},
): Headers {
  const headers = new Headers(own);
  secure(headers, may);
  return headers;
}
