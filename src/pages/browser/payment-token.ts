// The token of the payment method that this tab used last for an order. With it the result can be looked up after a
// reload. It is useless without the shop's secret key.

const key = (orderId: string): string => `payment:${orderId}`;

export function saveToken(orderId: string, token: string): void {
  try {
    sessionStorage.setItem(key(orderId), token);
  } catch {
    // Storage is blocked. The result then arrives by the order's own updates.
  }
}

export function savedToken(orderId: string): string | undefined {
  try {
    return sessionStorage.getItem(key(orderId)) ?? undefined;
  } catch {
    return undefined;
  }
}
