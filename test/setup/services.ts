// Starts the services that a workerd under test calls: a real Redis with its REST bridge, and fakes of Stripe, Turnstile
// and drand.
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { FakeDrand } from "../../src/local/fakes/drand.ts";
import type { FakeTurnstile } from "../../src/local/fakes/turnstile.ts";

/** The bindings for the services. */
export type ServiceBindings = FakeTurnstile["vars"] &
  FakeDrand["vars"] & {
    UPSTASH_REDIS_REST_URL: string;
    UPSTASH_REDIS_REST_TOKEN: string;
    /** For tests of the Stripe gateway only. The Worker under test uses the payment sandbox. */
    FAKE_STRIPE: Record<"STRIPE_SECRET_KEY" | "STRIPE_WEBHOOK_SECRET" | "STRIPE_API_URL", string>;
  };

const PROGRAM = join(import.meta.dirname, "services-process.ts");

/** Starts the services for one workerd. They stop with this process. */
export async function startServices(): Promise<ServiceBindings> {
  // No `execArgv`: the runner's flags would resolve packages for workerd.
  const child = fork(PROGRAM, { execArgv: [] });
  const [bindings] = await Promise.race([once(child, "message"), once(child, "exit")]);
  if (typeof bindings !== "object") throw new Error("The test services did not start");
  child.unref();
  child.channel?.unref();
  return bindings;
}
