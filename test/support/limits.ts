// Sets the limits of calls to other services. vitest.config.ts makes them so generous that a busy machine changes no answer, so
// a test about slowness sets the limit that it is about.
import { env } from "cloudflare:workers";
import { onTestFinished } from "vitest";
import type { BreakerLimits, BreakerName } from "../../src/config/breaker-limits.ts";
import { requireConfig } from "../../src/config/config.ts";

/**
 * Changes the limits of a service for requests to the Worker, until `end` or the end of the test. Objects have a configuration
 * of their own.
 */
export function givenLimits(name: BreakerName, changes: Partial<BreakerLimits>): () => void {
  const limits = requireConfig(env).BREAKERS[name];
  const before = { ...limits };
  const end = () => void Object.assign(limits, before);
  Object.assign(limits, changes);
  onTestFinished(end);
  return end;
}
