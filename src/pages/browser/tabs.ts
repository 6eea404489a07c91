// What one tab tells the buyer's others: that there is an order for a SKU, and that an order has changed.

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
  channel?.addEventListener("message", ({ data }) => listener(data));
