// Starts the one real Redis, behind its REST bridge, that all tests inside workerd share.
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  export interface ProvidedContext {
    /** The REST bridge, as @upstash/redis wants it. */
    redisUrl: string;
    redisToken: string;
  }
}

const PROGRAM = join(import.meta.dirname, "support/redis-process.ts");

export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  // Without the runner's flags, which would resolve packages for workerd.
  const child = fork(PROGRAM, { execArgv: [] });
  const exited = once(child, "exit");
  const [answer] = await Promise.race([once(child, "message"), exited]);
  if (typeof answer?.url !== "string") throw new Error("Redis for the tests did not start");
  provide("redisUrl", answer.url);
  provide("redisToken", answer.token);
  return async () => {
    child.disconnect();
    await exited;
  };
}
