// Creates the payment gateway that this deployment is configured for.
import type { Config } from "../config/config.ts";
import type { PaymentGateway } from "./gateway.ts";
import { type SandboxEnv, sandboxGateway } from "./sandbox.ts";
import { stripeGateway } from "./stripe.ts";

/** The share of a step's time limit that one request may take, so that the step still learns of its end. */
const REQUEST_SHARE = 0.75;

/**
 * Null if payments are not configured, or the shop takes them in its own checkout. Paid orders then stay reserved until their
 * hold ends or the shop reports the payment.
 */
export function createGateway(env: SandboxEnv, config: Config): PaymentGateway | null {
  switch (config.PAYMENTS) {
    case "sandbox":
      return sandboxGateway(env);
    case "stripe":
      return stripeGateway(config, REQUEST_SHARE * config.BREAKERS.payments.limitMs);
    default:
      return null;
  }
}
