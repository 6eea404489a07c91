// What one tab tells the buyer's others: that there is an order for a SKU, that an order has changed, and that
// somebody may have signed in or out.

interface News {
  skuId: string;
  orderId: string;
  version: number;
  /** It is new. */
  placed?: true;
}

/** Undefined where storage is blocked: then each tab finds out for itself. */
const channel = openChannel();

function openChannel(): BroadcastChannel | undefined {
  try {
    return new BroadcastChannel("doorbuster");
  } catch {
    return undefined;
  }
}

export const tellTabs = (news: News): void => channel?.postMessage(news);

export const onNews = (listener: (news: News) => void): void =>
  channel?.addEventListener("message", ({ data }) => data !== SESSION && listener(data));

const SESSION = "session";

/** Every page that loads may come from a sign-in, here or at the shop, or from a sign-out. */
export const tellSession = (): void => channel?.postMessage(SESSION);

/** The session may be another person's now: another tab says so, or somebody comes back to this window. */
export function onSession(listener: () => void): void {
  channel?.addEventListener("message", ({ data }) => data === SESSION && listener());
  addEventListener("focus", listener);
}
