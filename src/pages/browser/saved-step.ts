// A step to continue after the visitor left the page, to sign in or to enter a card. For this tab only.

const KEY = "left";
/** Long enough for a forgotten password. */
const LIFE_MS = 900_000;

export interface SavedStep {
  /** The thing to continue: the purchase of the SKU with this ID, or the line of a sale (see `line.ts`). */
  of: string;
}

/** A purchase that the visitor started. `of`: the SKU's ID. */
export interface SavedPurchase extends SavedStep {
  quantity: number;
  /** Set if the payment must come with the order. */
  paymentToken?: string | undefined;
}

export function saveStep<T extends SavedStep>(step: T): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ ...step, at: Date.now() }));
  } catch {
    // Storage is blocked: on return, the visitor has to press the button again.
  }
}

export function forgetStep(): void {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // Storage is blocked, so nothing was stored.
  }
}

/** Returns and removes the step to continue; undefined if there is none. */
export function takeStep<T extends SavedStep>(of: string): T | undefined {
  try {
    const saved = JSON.parse(sessionStorage.getItem(KEY) ?? "{}");
    if (saved.of !== of) return undefined;
    forgetStep();
    return Date.now() - saved.at < LIFE_MS ? saved : undefined;
  } catch {
    return undefined;
  }
}
