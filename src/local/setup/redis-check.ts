// Verifies the credentials of Upstash by a round trip, before anything is deployed with them.
import { randomUUID } from "node:crypto";
import { Redis } from "@upstash/redis";
import { SetupError } from "./error.ts";

const LIMIT_MS = 15_000;
const KEY_SECONDS = 60;

export interface Credentials {
  url: string;
  token: string;
}

/** Writes a value and reads it back. With `readOnly` it only asks for an answer. @throws {SetupError} */
export async function checkRedis({ url, token }: Credentials, readOnly: boolean): Promise<void> {
  try {
    const signal = () => AbortSignal.timeout(LIMIT_MS);
    const redis = new Redis({ url, token, signal, retry: { retries: 0 }, enableTelemetry: false });
    if (readOnly) {
      await redis.ping();
      return;
    }
    const [key, value] = [`doorbuster-setup:${randomUUID()}`, randomUUID()];
    await redis.set(key, value, { ex: KEY_SECONDS });
    const read = await redis.get<string>(key);
    await redis.del(key);
    if (read === value) return;
  } catch (error) {
    throw new SetupError(explain(error as Error));
  }
  throw new SetupError("Upstash accepted a value and did not return it. Use a primary database.");
}

/** Says what to do. The messages of the client may have the URL in them, but never the token. */
function explain({ message }: Error): string {
  const where = "Copy UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN from the page of your";
  const advice = `${where} database at console.upstash.com (section REST API), and run setup again.`;
  if (/WRONGPASS|Unauthorized/i.test(message)) {
    const deployed = "If it is deployed, change it at Cloudflare and in deployment/secrets.env.";
    return `Upstash refused the token. ${advice} ${deployed}`;
  }
  if (/NOPERM|READONLY/i.test(message))
    return `The token may only read. Use the standard token, not the read-only one. ${advice}`;
  return `The Redis database cannot be used: ${message.split(/, command was:/)[0]}. ${advice}`;
}
