// Asks Stripe whether it accepts the secret key, with a request that costs little and changes nothing.
import Stripe from "stripe";
import { type StripeConfig, stripeClient } from "./stripe-client.ts";

const LIMIT_MS = 4_000;

/** @throws if Stripe does not answer */
export async function probeStripe(
  config: StripeConfig,
): Promise<"accepted" | "wrong_key" | "no_permission" | "limited"> {
  try {
    await stripeClient(config, LIMIT_MS).paymentIntents.list({ limit: 1 });
    return "accepted";
  } catch (error) {
    if (error instanceof Stripe.errors.StripeAuthenticationError) return "wrong_key";
    if (error instanceof Stripe.errors.StripePermissionError) return "no_permission";
    if (error instanceof Stripe.errors.StripeRateLimitError) return "limited";
    throw error;
  }
}
