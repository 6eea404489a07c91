// Copies that the isolates of one colo share: JSON in Cloudflare's cache. Best effort: an error counts as a miss.
import type { Config } from "../config/config.ts";

type Deployment = Pick<Config, "UPSTASH_REDIS_REST_URL" | "REDIS_PREFIX">;

/** The cache key of a copy. One zone can have several deployments, each with its own source. */
export const coloKey = (deployment: Deployment, name: string): string => {
  const { UPSTASH_REDIS_REST_URL: url, REDIS_PREFIX: prefix } = deployment;
  return `https://shared.invalid/${encodeURIComponent(url)}/${prefix}${name}`;
};

/** The copy with this name. Undefined if the colo has none. */
export async function readColo(deployment: Deployment, name: string): Promise<unknown> {
  try {
    const response = await caches.default.match(coloKey(deployment, name));
    return await response?.json();
  } catch {
    return undefined;
  }
}

/** Stores a copy for at most `maxAgeMs`. */
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
