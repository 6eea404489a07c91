// The fake Stripe at Stripe's own speed and limits, with the vars that connect a Worker to it.
import { paymentRate } from "../../../payments/rate.ts";
import { type FakeStripe, type Settings, startFakeStripe } from "./server.ts";
import type { Traffic } from "./traffic.ts";

const SECRETS = { apiKey: "sk_live_fake", webhookSecret: "whsec_fake" };

/** How long Stripe takes, and how many requests per second it allows at each endpoint. */
const TRAFFIC: Traffic = {
  latencyMs: { create: 300, confirm: 900, cancel: 300, refund: 300 },
  perSecond: 25,
};

/** Payments per second that a Worker with the vars below starts. */
export const PACED_RATE = paymentRate({ PAYMENTS: "stripe", STRIPE_SECRET_KEY: SECRETS.apiKey });

export async function startPacedStripe(
  settings: Pick<Settings, "onEvent"> = {},
): Promise<FakeStripe & { vars: Record<string, string> }> {
  const stripe = await startFakeStripe(SECRETS, { ...TRAFFIC, ...settings });
  const vars = {
    PAYMENTS: "stripe",
    STRIPE_SECRET_KEY: SECRETS.apiKey,
    STRIPE_WEBHOOK_SECRET: SECRETS.webhookSecret,
    STRIPE_API_URL: stripe.url,
  };
  return { ...stripe, vars };
}
