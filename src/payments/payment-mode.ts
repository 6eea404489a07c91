// How buyers pay on this deployment, and what a refusal tells those who have to pay with their next order.
import type { Config } from "../config/config.ts";

/**
 * How a reserved order is paid on this deployment: with test cards, at the shop's checkout, which posts the payment
 * method here or (`external`) charges it there, with a card form on the order's page, or outside these pages, for example in
 * the shop's own app.
 */
export type PaymentMode = "sandbox" | "checkout" | "external" | "card-form" | "elsewhere";

type PaymentConfig = Pick<Config, "PAYMENTS" | "CHECKOUT_URL" | "STRIPE_PUBLISHABLE_KEY">;

export const paymentModeOf = (config: PaymentConfig): PaymentMode => {
  if (config.PAYMENTS === "sandbox" || config.PAYMENTS === "external") return config.PAYMENTS;
  if (config.CHECKOUT_URL) return "checkout";
  return config.PAYMENTS === "stripe" && config.STRIPE_PUBLISHABLE_KEY ? "card-form" : "elsewhere";
};

/** Whether a secret key of Stripe is one of the test mode, which moves no money. */
export const isTestKey = (key: string): boolean => /^[sr]k_test_/.test(key);

/** Whether payments on this deployment move no real money. */
export const takesPlayMoney = ({
  PAYMENTS,
  STRIPE_SECRET_KEY = "",
}: Pick<Config, "PAYMENTS" | "STRIPE_SECRET_KEY">): boolean =>
  PAYMENTS === "sandbox" || (PAYMENTS === "stripe" && isTestKey(STRIPE_SECRET_KEY));

const UNPAID = "Your earlier reservations expired unpaid.";

/** Tells a buyer why the payment must come with the next order, and where that is possible. */
export const payFirst = (mode: PaymentMode): string =>
  mode === "elsewhere"
    ? `${UNPAID} This time, order in the shop's own app, where you pay with the order.`
    : `${UNPAID} This time, choose how to pay before you order.`;
