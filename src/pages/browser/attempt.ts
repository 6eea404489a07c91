// The state machine of a purchase attempt. Pure: each transition runs inside one transaction of the browser's
// storage, so two tabs never decide at the same time.

/** One press of Buy. Every request carries its key, so it places one order however many requests arrive. */
export interface Attempt {
  key: string;
  /** Bound to the key: the server refuses the key with another quantity. */
  quantity: number;
  /** Bound to the key as well; undefined if the buyer pays after reserving. */
  paymentToken?: string | undefined;
  /** The account that entered the card of `paymentToken`, if it is known. No other account may send the attempt. */
  payer?: string | undefined;
  /** When the button was pressed, in milliseconds. */
  at: number;
  /** Requests in flight, in any tab, or without a response. Above 0, an order may exist. */
  open: number;
  /** The end of the server's Retry-After, in milliseconds. */
  notBefore?: number;
  /** Set once the server has confirmed the order; `open` is then 0. */
  orderId?: string;
}

export type Transition = (known: Attempt | undefined) => Attempt | undefined;

/** Starts a request: of the current attempt, or of `wanted`. `seen` is the order that this page already shows. */
export const startRequest =
  (wanted: Attempt, seen: string | undefined): Transition =>
  (known) => {
    // An order that this page does not show came from another tab and answers this press.
    if (known?.orderId && known.orderId !== seen) return known;
    const attempt = known && !known.orderId ? known : wanted;
    return { ...attempt, open: attempt.open + 1 };
  };

/**
 * How a request ended without an order. `unknown`: it may have placed one. `refused`: this request placed none, but
 * the server did not look for an order of an earlier request. `over`: the server looked, and there is none.
 */
export type RequestEnd = "unknown" | "refused" | "over";

/** Ends a request. The attempt is stored only while the outcome of one of its requests is unknown. */
export const endRequest =
  (attempt: Attempt, how: RequestEnd, notBefore?: number): Transition =>
  (known) => {
    if (known?.key !== attempt.key || known.orderId) return known;
    const open = how === "over" ? 0 : known.open - (how === "refused" ? 1 : 0);
    return open > 0 ? { ...known, open, ...(notBefore ? { notBefore } : {}) } : undefined;
  };

/** The server confirmed this order. Its card is used, so it is not kept. */
export const recordOrder =
  ({ key, quantity, at }: Attempt, orderId: string): Transition =>
  () => ({ key, quantity, at, open: 0, orderId });

/** Forgets an attempt of another account. */
export const forgetAttempt =
  ({ key }: Attempt): Transition =>
  (known) =>
    known?.key === key ? undefined : known;

/** Records an existing order of the buyer, unless an unresolved attempt, perhaps for another unit, is stored. */
export const adoptOrder =
  (orderId: string): Transition =>
  (known) =>
    known?.open ? known : { key: "", quantity: 1, at: 0, open: 0, orderId };

/** Forgets an order that was canceled, expired or refunded. */
export const forgetOrder =
  (orderId: string): Transition =>
  (known) =>
    known?.orderId === orderId ? undefined : known;
