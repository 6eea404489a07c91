// The stripe library as this Worker uses it: over fetch, without retries of its own.
import Stripe from "stripe";
import type { Config } from "../config.ts";

export type StripeConfig = Pick<
  Config,
  "STRIPE_SECRET_KEY" | "STRIPE_WEBHOOK_SECRET" | "STRIPE_API_URL"
>;

/** STRIPE_API_URL points the library elsewhere in tests only. */
export function stripeClient(
  { STRIPE_SECRET_KEY, STRIPE_API_URL }: StripeConfig,
  limitMs?: number,
): Stripe {
  const elsewhere = STRIPE_API_URL ? new URL(STRIPE_API_URL) : undefined;
  return new Stripe(STRIPE_SECRET_KEY as string, {
    httpClient: Stripe.createFetchHttpClient(),
    maxNetworkRetries: 0, // the queue retries, with backoff and without holding a batch
    telemetry: false,
    ...(limitMs === undefined ? {} : { timeout: limitMs }),
    ...(elsewhere && {
      host: elsewhere.hostname,
      port: elsewhere.port,
      protocol: elsewhere.protocol === "http:" ? "http" : "https",
    }),
  });
}

/** Banks tell the shop more than they want the buyer to know: these are shown as the plain code. */
const NOT_FOR_BUYERS = new Set([
  "authentication_not_handled",
  "fraudulent",
  "generic_decline",
  "lost_card",
  "merchant_blacklist",
  "pickup_card",
  "stolen_card",
]);

/** Why a card was declined, as the buyer may read it. */
export function declineReason(
  error: { code?: string | undefined; decline_code?: string | undefined } | null,
): string {
  const { code, decline_code: declineCode = "" } = error ?? {};
  const shown = NOT_FOR_BUYERS.has(declineCode) ? code : declineCode || code;
  return shown || "card_declined";
}
