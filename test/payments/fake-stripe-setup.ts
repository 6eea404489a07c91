// Starts the fake Stripe that the payment tests inside workerd talk to.
import type { TestProject } from "vitest/node";
import { startFakeStripe } from "../../src/local/fake-stripe/server.ts";

declare module "vitest" {
  export interface ProvidedContext {
    stripeUrl: string;
    stripeKey: string;
    stripeWebhookSecret: string;
  }
}

const SECRETS = { apiKey: "sk_test_fake", webhookSecret: "whsec_fake" };

export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const stripe = await startFakeStripe(SECRETS);
  provide("stripeUrl", stripe.url);
  provide("stripeKey", SECRETS.apiKey);
  provide("stripeWebhookSecret", SECRETS.webhookSecret);
  return () => stripe.stop();
}
