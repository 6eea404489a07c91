// The checks of configuration and of what others provide: payments, sign-in, the challenge, the shop's webhook, and the
// receiver of alerts.
import { sendTestNews } from "../../alerts/send.ts";
import { protectionOf } from "../../catalog/protection.ts";
import type { Sale } from "../../catalog/schema.ts";
import type { Config } from "../../config/config.ts";
import { fetchKeys } from "../../funnel/key-set.ts";
import { siteverifyCodes } from "../../funnel/turnstile.ts";
import { postEvent } from "../../orders/shop-receiver.ts";
import { stoppedSince, type WebhookDeskEnv } from "../../orders/webhook-desk-client.ts";
import { paymentRate } from "../../payments/rate.ts";
import { probeStripe } from "../../payments/stripe-probe.ts";
import { type Finding, fail, ok, warn } from "./check.ts";

export async function checkConfiguration(config: Config): Promise<Finding> {
  if (config.DEMO_LOGIN) {
    return warn("anyone can sign in as anyone (DEMO_LOGIN)", "Unset it for a real sale");
  }
  return config.PUBLIC_ORIGIN
    ? ok(`served at ${config.PUBLIC_ORIGIN} only`)
    : warn("any host name is served", "Set PUBLIC_ORIGIN");
}

export async function checkSignIn(config: Config): Promise<Finding> {
  if (!config.AUTH_JWKS_URL) return ok("tokens are verified with AUTH_SECRET");
  const { keys } = await fetchKeys(config.AUTH_JWKS_URL);
  return keys.length > 0
    ? ok(`the identity provider has ${keys.length} keys`)
    : fail("the identity provider has no keys", "Check AUTH_JWKS_URL");
}

export async function checkPayments(config: Config, { skus }: Sale): Promise<Finding> {
  const { PAYMENTS } = config;
  if (skus.every(({ unitPrice }) => unitPrice.amount === 0)) return ok("everything is free");
  if (PAYMENTS === undefined) return fail("paid orders cannot be paid", "Set PAYMENTS");
  if (PAYMENTS === "sandbox") return warn("play money (PAYMENTS=sandbox)", "Use another provider");
  if (PAYMENTS === "external") return ok("the shop's own checkout takes the payments");
  return checkStripe(config);
}

const TEST_KEY = /^[prs]k_test_/;

async function checkStripe(config: Config): Promise<Finding> {
  const { STRIPE_SECRET_KEY: secret = "", STRIPE_PUBLISHABLE_KEY: publishable } = config;
  const answer = await probeStripe(config);
  if (answer === "wrong_key") return fail("Stripe refuses the key", "Check STRIPE_SECRET_KEY");
  if (answer === "no_permission") {
    return fail(
      "the key may not read payments",
      "Give it write access to PaymentIntents and Refunds",
    );
  }
  if (answer === "limited") {
    return warn("Stripe answers that there are too many requests", "Find out what else sends them");
  }
  const isTest = TEST_KEY.test(secret);
  if (publishable && TEST_KEY.test(publishable) !== isTest) {
    return fail("one of the two keys is a test key", "Use two keys of the same mode");
  }
  const detail = `Stripe accepts the key; ${paymentRate(config)} payments a second`;
  if (!publishable && !config.CHECKOUT_URL) {
    return warn(
      `${detail}, but the pages cannot collect a card`,
      "Set STRIPE_PUBLISHABLE_KEY or CHECKOUT_URL, unless your own app pays through the API",
    );
  }
  return isTest ? warn(`${detail}, with test cards only`, "Use the live keys") : ok(detail);
}

export async function checkChallenge(config: Config, sale: Sale): Promise<Finding> {
  const { mode } = protectionOf(sale).challenge;
  if (!config.TURNSTILE_SITE_KEY || !config.TURNSTILE_SECRET) {
    return mode === "off"
      ? ok("the sale requires none")
      : fail("the sale requires one", "Set TURNSTILE_SITE_KEY and TURNSTILE_SECRET");
  }
  const codes = await siteverifyCodes(config);
  if (codes.length === 0) return warn("a test key accepts everything", "Use the keys of your site");
  if (codes.includes("invalid-input-response")) return ok("Turnstile accepts the secret");
  const todo = codes.includes("invalid-input-secret") ? "Check TURNSTILE_SECRET" : "Try again";
  const detail = `Turnstile answers ${codes.join(", ")}`;
  return mode === "off" ? warn(detail, todo) : fail(detail, todo);
}

/** Sends a signed test event, which receivers ignore by its type. */
export async function checkWebhook(config: Config, env: WebhookDeskEnv): Promise<Finding> {
  if (!config.ORDER_WEBHOOK_URL) return ok("none is configured");
  const since = await stoppedSince(env, config.ORDER_WEBHOOK_URL);
  if (since !== null) {
    return fail(
      `nothing is sent since ${new Date(since).toISOString()}, because the shop answered 410`,
      "Correct ORDER_WEBHOOK_URL, or resume under Webhooks in the console",
    );
  }
  const event = { id: `preflight.${crypto.randomUUID()}`, type: "webhook.test" };
  const fault = await postEvent(event, config);
  return fault
    ? fail(fault, "The receiver must accept a signed event of the type webhook.test")
    : ok("the receiver accepted a signed test event");
}

/** Sends a test to the operators' webhook. */
export async function checkAlerts(config: Config): Promise<Finding> {
  if (!config.ALERT_WEBHOOK_URL)
    return warn("only the console shows alerts", "Set ALERT_WEBHOOK_URL");
  const fault = await sendTestNews(config);
  return fault
    ? fail(fault, "Check ALERT_WEBHOOK_URL, ALERT_FORMAT, and their secrets")
    : ok("the receiver accepted a test");
}
