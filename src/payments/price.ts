// The prices that a shop may set.
import type { Config } from "../config/config.ts";
import { isActiveCurrency } from "../values/iso-4217.ts";
import type { Money } from "../values/money.ts";
import { refuseStripePrice } from "./stripe-amount.ts";

/**
 * Why nobody could ever pay this price; undefined if it can be paid. Stripe's rules apply without payments and in the
 * sandbox as well, so a demo refuses the prices that production would refuse. The rules of a shop's own checkout are unknown.
 */
export function refusePrice(
  unitPrice: Money,
  perUserLimit: number,
  payments?: Config["PAYMENTS"],
): string | undefined {
  const { currency } = unitPrice;
  if (!isActiveCurrency(currency)) return `${currency} is not an active ISO 4217 currency`;
  return payments === "external" ? undefined : refuseStripePrice(unitPrice, perUserLimit);
}
