// A purchase to continue after the buyer left the sale page, to sign in or to enter a card. For this tab only.

const KEY = "left";
/** Long enough for a forgotten password. */
const LIFE_MS = 900_000;

export interface SavedPurchase {
  skuId: string;
  quantity: number;
  /** Set if the payment must come with the order. */
  paymentToken?: string | undefined;
}

export function savePurchase(purchase: SavedPurchase): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ ...purchase, at: Date.now() }));
  } catch {
    // Storage is blocked: on return, the buyer has to press Buy again.
  }
}

export function forgetPurchase(): void {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // Storage is blocked, so nothing was stored.
  }
}

/** Returns and removes the purchase of a SKU; undefined if there is none. */
export function takePurchase(skuId: string): SavedPurchase | undefined {
  try {
    const saved = JSON.parse(sessionStorage.getItem(KEY) ?? "{}");
    if (saved.skuId !== skuId) return undefined;
    forgetPurchase();
    return Date.now() - saved.at < LIFE_MS ? saved : undefined;
  } catch {
    return undefined;
  }
}
