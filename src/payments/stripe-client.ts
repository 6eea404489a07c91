// Sets up the stripe library for Workers: over fetch, without its own retries.
import Stripe from "stripe";
import type { Config } from "../config/config.ts";
import { sixConnections } from "./six-connections.ts";

export type StripeConfig = Pick<Config, "STRIPE_SECRET_KEY" | "STRIPE_API_URL">;

/** STRIPE_API_URL is for tests, which point the library at a fake. */
export function stripeClient(
  { STRIPE_SECRET_KEY, STRIPE_API_URL }: StripeConfig,
  limitMs?: number,
): Stripe {
  const override = STRIPE_API_URL ? new URL(STRIPE_API_URL) : undefined;
  return new Stripe(STRIPE_SECRET_KEY as string, {
    httpClient: Stripe.createFetchHttpClient(
      override ? sixConnections((...request) => fetch(...request)) : undefined,
    ),
    maxNetworkRetries: 0, // the queue retries, with backoff and without delaying a batch
    telemetry: false,
    ...(limitMs === undefined ? {} : { timeout: limitMs }),
    ...(override && {
      host: override.hostname,
      port: override.port,
      protocol: override.protocol === "http:" ? "http" : "https",
    }),
  });
}

/**
 * The end of a second, in milliseconds. Stripe states the times of events in whole seconds, so an event and what is read in
 * the same second count as equally old.
 */
export const endOfSecond = (seconds: number): number => Math.floor(seconds) * 1_000 + 999;

/** Decline codes that only the shop may see. Buyers see the general code instead. */
const CONFIDENTIAL = new Set([
  "authentication_not_handled",
  "fraudulent",
  "generic_decline",
  "lost_card",
  "merchant_blacklist",
  "pickup_card",
  "stolen_card",
]);

/** Why a card was declined, as the buyer may see it. */
export function declineReason(
  error: { code?: string | undefined; decline_code?: string | undefined } | null,
): string {
  const { code, decline_code: declineCode = "" } = error ?? {};
  const shown = CONFIDENTIAL.has(declineCode) ? code : declineCode || code;
  return shown || "card_declined";
}
