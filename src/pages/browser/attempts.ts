// The attempt to buy a SKU, kept in this browser: its idempotency key is sent with every try, so a double
// click, a second tab, a lost connection or a reload find the same order instead of making another.

export interface Attempt {
  key: string;
  quantity: number;
  /** Milliseconds; when Buy was pressed. */
  at: number;
  /** Known once the server said so. */
  orderId?: string;
}

const nameOf = (skuId: string): string => `doorbuster:${skuId}`;
/** Where storage is forbidden the page itself remembers. */
const memory = new Map<string, string>();

export function attemptFor(skuId: string): Attempt | undefined {
  try {
    const text = localStorage.getItem(nameOf(skuId)) ?? memory.get(skuId);
    return text ? (JSON.parse(text) as Attempt) : undefined;
  } catch {
    const text = memory.get(skuId);
    return text ? (JSON.parse(text) as Attempt) : undefined;
  }
}

export function keepAttempt(skuId: string, attempt: Attempt | undefined): void {
  const text = attempt && JSON.stringify(attempt);
  if (text) memory.set(skuId, text);
  else memory.delete(skuId);
  try {
    if (text) localStorage.setItem(nameOf(skuId), text);
    else localStorage.removeItem(nameOf(skuId));
  } catch {
    // Private browsing; memory has it.
  }
}

/** The attempt under way, or a new one. One under way keeps its quantity: its key stands for it. */
export function beginAttempt(skuId: string, quantity: number): Attempt {
  const known = attemptFor(skuId);
  if (known && !known.orderId) return known;
  const key = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
  const attempt = { key, quantity, at: Date.now() };
  keepAttempt(skuId, attempt);
  return attempt;
}

/** Another tab moved on with this SKU. */
export function onOtherTab(skuId: string, listener: () => void): void {
  addEventListener("storage", ({ key }) => {
    if (key === nameOf(skuId)) listener();
  });
}
