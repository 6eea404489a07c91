// A card that the visitor entered before the opening, for one press at the opening: the token of a payment method, in this tab's
// storage until the press. It goes to the server with the order, and never before. Then the attempt has it, until its outcome is
// known (`attempt.ts`).
import type { Money } from "../../values/money.ts";

export interface PreparedCard {
  /** The account that entered it: no other account's order may carry it. */
  user: string;
  /** Its total follows from these. Stripe shows the total to the buyer, and may refuse another one. */
  quantity: number;
  unitPrice: Money;
  token: string;
  /** When Stripe forgets the token, in milliseconds since 1970. */
  expiresAt: number;
}

/** The purchase. `at`: its time on the server's clock, in milliseconds since 1970. */
export interface Wanted extends Pick<PreparedCard, "quantity" | "unitPrice"> {
  user: string | undefined;
  at: number;
}

/** A token must be valid this long after the press, because the charge may wait in a crowd. */
const MARGIN_MS = 300_000;

/** Whether this card can pay for that. `changed`: the quantity or price is another one, or the card is too old. */
export function fitOf(
  card: PreparedCard | undefined,
  wanted: Wanted,
): "none" | "ready" | "changed" {
  if (!card || card.user !== wanted.user) return "none";
  const isSame =
    card.quantity === wanted.quantity &&
    card.unitPrice.amount === wanted.unitPrice.amount &&
    card.unitPrice.currency === wanted.unitPrice.currency;
  return isSame && wanted.at < card.expiresAt - MARGIN_MS ? "ready" : "changed";
}

const keyOf = (skuId: string) => `prepared:${skuId}`;

export function savePrepared(skuId: string, card: PreparedCard): void {
  try {
    sessionStorage.setItem(keyOf(skuId), JSON.stringify(card));
  } catch {
    // Storage is blocked: the buyer pays after the item is reserved, as everybody can.
  }
}

export function readPrepared(skuId: string): PreparedCard | undefined {
  try {
    return JSON.parse(sessionStorage.getItem(keyOf(skuId)) ?? "null") ?? undefined;
  } catch {
    return undefined;
  }
}

export function forgetPrepared(skuId: string): void {
  try {
    sessionStorage.removeItem(keyOf(skuId));
  } catch {
    // Storage is blocked, so nothing was stored.
  }
}
