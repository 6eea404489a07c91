// The secrets of local instances: dev, rehearse, bench and the journey tests. These values are public, and local
// instances listen on loopback only. A deployment sets its own with `wrangler secret put`.
export const LOCAL_ADMIN_TOKEN = "local-admin-token";
export const LOCAL_BRIDGE_TOKEN = "local-bridge-token";
export const LOCAL_AUTH_SECRET = "local-auth-secret-of-at-least-32-characters";
export const LOCAL_SIGNING_SECRET = "local-signing-secret-of-at-least-32-characters";

/** Vars and secrets of a local instance. `redisUrl` is the URL of the REST bridge. */
export function localVars(redisUrl: string): Record<string, string> {
  return {
    UPSTASH_REDIS_REST_URL: redisUrl,
    UPSTASH_REDIS_REST_TOKEN: LOCAL_BRIDGE_TOKEN,
    ADMIN_TOKEN: LOCAL_ADMIN_TOKEN,
    SIGNING_SECRET: LOCAL_SIGNING_SECRET,
    AUTH_SECRET: LOCAL_AUTH_SECRET,
    DEMO_LOGIN: "true",
    LOCAL_ONLY: "true",
    PAYMENTS: "sandbox",
  };
}
