// The headers of every response: what browsers and caches may do with it.

const CONTENT_POLICY =
  "default-src 'self'; img-src 'self' https:; object-src 'none'; base-uri 'none'; " +
  "frame-ancestors 'none'; form-action 'self'";
/** The third party whose code pages of sales that can require a challenge may run. */
const CHALLENGES = "https://challenges.cloudflare.com";
const CHALLENGE_POLICY = `${CONTENT_POLICY}; script-src 'self' ${CHALLENGES}; frame-src ${CHALLENGES}`;

/** The origins that Stripe.js needs (https://docs.stripe.com/security/guide#content-security-policy). */
const STRIPE_JS = "https://js.stripe.com https://*.js.stripe.com";

/** The policy of a page that runs Stripe.js. `scriptUrl` differs from Stripe's own URL in tests only. */
function stripePolicy(scriptUrl: string): string {
  const { origin } = new URL(scriptUrl);
  const more = STRIPE_JS.startsWith(origin) ? "" : ` ${origin}`;
  return (
    `${CONTENT_POLICY}; script-src 'self' ${STRIPE_JS}${more}; ` +
    `frame-src ${STRIPE_JS} https://hooks.stripe.com; connect-src 'self' https://api.stripe.com${more}`
  );
}

/** A page that only this site may frame, and that runs no script and sends no form. */
const PREVIEW_POLICY = `${CONTENT_POLICY.replace("frame-ancestors 'none'", "frame-ancestors 'self'")}; sandbox`;

/** The rights of a page that differ from those of others. */
interface Permissions {
  /** Turnstile. */
  challenges?: boolean;
  /** The URL of Stripe.js. */
  stripeJs?: string | undefined;
  isPreview?: boolean;
}

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
 * Completes a response's headers, unless it was done before: security headers, `no-store` by default, and
 * for publicly cacheable responses access from any site. Existing security headers are not overwritten.
 */
export function secure(
  headers: Headers,
  { challenges, stripeJs, isPreview }: Permissions = {},
): void {
  if (headers.has("Content-Security-Policy")) return;
  if (!headers.has("Cache-Control")) headers.set("Cache-Control", "no-store");
  if (headers.get("Cache-Control")?.startsWith("public")) setAll(headers, FOR_ANY_ORIGIN);
  for (const [name, value] of SECURITY_HEADERS) {
    if (!headers.has(name)) headers.set(name, value);
  }
  if (isPreview) {
    headers.set("Content-Security-Policy", PREVIEW_POLICY);
    headers.set("X-Frame-Options", "SAMEORIGIN");
  }
  if (challenges) headers.set("Content-Security-Policy", CHALLENGE_POLICY);
  if (!stripeJs) return;
  headers.set("Content-Security-Policy", stripePolicy(stripeJs));
  // Wallets open their own window and answer through it.
  headers.set("Cross-Origin-Opener-Policy", "same-origin-allow-popups");
}

function setAll(headers: Headers, values: Record<string, string>): void {
  for (const [name, value] of Object.entries(values)) headers.set(name, value);
}

/**
 * All headers of a response that is the same for every caller, except the request id. Build them once per kind of
 * response: setting them on every request would cost more than the rest of it.
 */
export function completeHeaders(own: Record<string, string>, may: Permissions = {}): Headers {
  const headers = new Headers(own);
  secure(headers, may);
  return headers;
}
