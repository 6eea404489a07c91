// The copy that the isolates of one colo share: JSON in Cloudflare's cache. It is best effort: a cache that fails is
// a cache that misses.
import type { Config } from "../config.ts";

type Deployment = Pick<Config, "UPSTASH_REDIS_REST_URL" | "REDIS_PREFIX">;

/** The key of a copy. One zone can have several deployments, each with a source of its own. */
export const coloKey = (deployment: Deployment, name: string): string => {
  const { UPSTASH_REDIS_REST_URL: url, REDIS_PREFIX: prefix } = deployment;
  return `https://shared.invalid/${encodeURIComponent(url)}/${prefix}${name}`;
};

/** The copy of that name; undefined when the colo has none. */
export async function readColo(deployment: Deployment, name: string): Promise<unknown> {
  try {
    const response = await caches.default.match(coloKey(deployment, name));
    return await response?.json();
  } catch {
    return undefined;
  }
}

/** Keeps a copy for at most `maxAgeMs`. */
export async function writeColo(
  deployment: Deployment,
  name: string,
  value: unknown,
  maxAgeMs: number,
): Promise<void> {
  const headers = {
    "Cache-Control": `max-age=${Math.ceil(maxAgeMs / 1_000)}`,
    "Content-Type": "application/json",
  };
  const response = new Response(JSON.stringify(value), { headers });
  await caches.default.put(coloKey(deployment, name), response).catch(() => {});
}
