// The secrets and names every local instance shares: dev, rehearse, bench and the journeys. They
// open nothing but a machine's own loopback; a deployment sets its own with `wrangler secret put`.
export const LOCAL_ADMIN_TOKEN = "local-admin-token";
export const LOCAL_BRIDGE_TOKEN = "local-bridge-token";
export const LOCAL_AUTH_SECRET = "local-auth-secret-of-at-least-32-characters";
const LOCAL_SIGNING_SECRET = "local-signing-secret-of-at-least-32-characters";

/** The Worker's vars and secrets for an instance that reads and writes the Redis behind `redisUrl`. */
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
