// How many payment steps may start per second.
import type { Config } from "../config/config.ts";
import { isTestKey } from "./payment-mode.ts";

/**
 * Stripe allows 25 requests per second at each endpoint, unless it raised that for the account
 * (https://docs.stripe.com/rate-limits). The rest is for retries and for what the shop does at Stripe itself.
 */
const STRIPE_RATE = 20;
/** Requests per second of a whole account: Stripe allows 100 with a live key and 25 with a test key. */
const STRIPE_TOTAL = { live: 80, test: 20 };
/** A charge creates its payment, then confirms it. These are two endpoints, but both count for the account. */
const REQUESTS_PER_STEP = 2;
/** The sandbox has no limits. */
const SANDBOX_RATE = 500;

type RateConfig = Pick<Config, "PAYMENTS" | "PAYMENT_RATE_PER_SECOND" | "STRIPE_SECRET_KEY">;

/** Steps per second: each makes at most one request to any endpoint, and usually two requests in total. */
export function paymentRate(config: RateConfig): number {
  const { PAYMENTS, PAYMENT_RATE_PER_SECOND: configured, STRIPE_SECRET_KEY: key = "" } = config;
  if (PAYMENTS !== "stripe") return configured ?? SANDBOX_RATE;
  const total = isTestKey(key) ? STRIPE_TOTAL.test : STRIPE_TOTAL.live;
  return Math.min(configured ?? STRIPE_RATE, total / REQUESTS_PER_STEP);
}
