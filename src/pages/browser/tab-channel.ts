// Messages between a buyer's tabs: an order was placed, an order changed, the session may have changed.

interface OrderMessage {
  skuId: string;
  orderId: string;
  version: number;
  /** The order was just placed. */
  placed?: true;
}

/** Undefined where storage is blocked: each tab then relies on its own polling. */
const channel = openChannel();

function openChannel(): BroadcastChannel | undefined {
  try {
    return new BroadcastChannel("doorbuster");
  } catch {
    return undefined;
  }
}

export const notifyTabs = (message: OrderMessage): void => channel?.postMessage(message);

export const onOrderMessage = (listener: (message: OrderMessage) => void): void =>
  channel?.addEventListener("message", ({ data }) => data !== SESSION && listener(data));

const SESSION = "session";

/** Sent on every page load, which may follow a sign-in, here or on the shop's page, or a sign-out. */
export const notifySessionChange = (): void => channel?.postMessage(SESSION);

/** Calls `listener` on a session message from another tab. */
export const onSessionMessage = (listener: () => void): void =>
  channel?.addEventListener("message", ({ data }) => data === SESSION && listener());

/** Also calls it when the window regains focus: the visitor may have signed in on a page of the shop. */
export function onSessionChange(listener: () => void): void {
  onSessionMessage(listener);
  addEventListener("focus", listener);
}
