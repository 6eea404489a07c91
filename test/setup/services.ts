// What a workerd under test talks to: a real Redis behind its REST bridge, and fakes of Stripe and Turnstile.
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { FakeTurnstile } from "../../src/local/fakes/turnstile.ts";

/** The bindings through which the Worker and its tests reach the services. */
export type ServiceBindings = FakeTurnstile["vars"] & {
  UPSTASH_REDIS_REST_URL: string;
  UPSTASH_REDIS_REST_TOKEN: string;
  /** For tests of the gateway: the Worker under test pays in the sandbox. */
  FAKE_STRIPE: Record<"STRIPE_SECRET_KEY" | "STRIPE_WEBHOOK_SECRET" | "STRIPE_API_URL", string>;
};

const PROGRAM = join(import.meta.dirname, "services-process.ts");

/** Starts services for one workerd. They end with this process. */
export async function startServices(): Promise<ServiceBindings> {
  // Without the runner's flags, which would resolve packages for workerd.
  const child = fork(PROGRAM, { execArgv: [] });
  const [bindings] = await Promise.race([once(child, "message"), once(child, "exit")]);
  if (typeof bindings !== "object") throw new Error("The services of the tests did not start");
  child.unref();
  child.channel?.unref();
  return bindings;
}
