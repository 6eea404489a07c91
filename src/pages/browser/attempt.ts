// What becomes of an attempt to buy with each of its tries. Pure: these decisions are made inside one
// transaction of the browser's storage, so that no two tabs decide at once.

/** One press of Buy. Its key goes with every try, so however many arrive, one order is made. */
export interface Attempt {
  key: string;
  /** Belongs to the key: the server takes no other with it. */
  quantity: number;
  /** Belongs to it, too; undefined where one pays after reserving. */
  paymentToken?: string | undefined;
  /** Milliseconds; when the button was pressed. */
  at: number;
  /** Tries that are under way, in any tab, or ended without an answer. Above 0 there may be an order. */
  open: number;
  /** Milliseconds; the server asked for no try before. */
  notBefore?: number;
  /** Known once the server said so; then nothing is open. */
  orderId?: string;
}

export type Decide = (known: Attempt | undefined) => Attempt | undefined;

/** One try more: of the attempt under way, or of `wanted`. `seen` is the order this page shows already. */
export const begin =
  (wanted: Attempt, seen: string | undefined): Decide =>
  (known) => {
    // An order this page does not show was made by another tab, and is the answer to this press too.
    if (known?.orderId && known.orderId !== seen) return known;
    const attempt = known && !known.orderId ? known : wanted;
    return { ...attempt, open: attempt.open + 1 };
  };

/**
 * A try ended without an order. `unknown`: nobody can say what became of it; `refused`: before anybody
 * looked for an earlier try's order; `over`: who said so would have known of one.
 */
export type End = "unknown" | "refused" | "over";

/** An attempt is worth keeping only while nobody knows what became of one of its tries. */
export const end =
  (attempt: Attempt, how: End, notBefore?: number): Decide =>
  (known) => {
    if (known?.key !== attempt.key || known.orderId) return known;
    const open = how === "over" ? 0 : known.open - (how === "refused" ? 1 : 0);
    return open > 0 ? { ...known, open, ...(notBefore ? { notBefore } : {}) } : undefined;
  };

/** A try was answered with this order. */
export const become =
  (attempt: Attempt, orderId: string): Decide =>
  () => ({ ...attempt, open: 0, orderId });

/** The buyer turned out to have this order; an attempt under way may be for one more. */
export const own =
  (orderId: string): Decide =>
  (known) =>
    known?.open ? known : { key: "", quantity: 1, at: 0, open: 0, orderId };

/** That order is none any more. */
export const lose =
  (orderId: string): Decide =>
  (known) =>
    known?.orderId === orderId ? undefined : known;
