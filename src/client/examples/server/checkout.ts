// The shop's own checkout, for deployments with `PAYMENTS="external"`: the shop charges, and reports what became of it.
import { randomUUID } from "node:crypto";
import type { Money, Order } from "doorbuster/client";
import { type Customer, mintBuyerToken } from "./buyer-token.ts";
import type { ShopSettings } from "./settings.ts";

/** What became of a payment. README, "Use your own checkout", explains each outcome. */
interface Report {
  orderId: string;
  outcome: "charged" | "declined" | "refunded";
  /** The provider's id of the charge. */
  reference: string;
  amount: Money;
}

/**
 * Charges an order of this customer, here with play money. False: it cannot be paid any more, and nothing is charged.
 *
 * @param card "works", or one that is declined
 */
export async function checkOut(
  orderId: string,
  card: string,
  customer: Customer,
  settings: ShopSettings,
): Promise<boolean> {
  // The amount is the one that Doorbuster has, never one that the browser sends. The token shows no order of somebody else.
  const order = await readOrder(orderId, customer, settings);
  if (order?.status !== "reserved") return false;
  const payment = { orderId, reference: `play-${orderId}`, amount: order.total };
  if (card !== "works") {
    await report({ ...payment, outcome: "declined" }, settings);
    return true;
  }
  // Here your provider moves the money, under a key that follows from the order: two presses charge once.
  const { action } = await report({ ...payment, outcome: "charged" }, settings);
  if (action === "none") return true;
  // The hold ended on the way, and the unit is somebody else's. Here your provider returns the money.
  await report({ ...payment, outcome: "refunded" }, settings);
  return false;
}

async function readOrder(
  orderId: string,
  customer: Customer,
  { doorbuster, authSecret }: ShopSettings,
): Promise<Order | undefined> {
  const url = `${doorbuster}/api/orders/${encodeURIComponent(orderId)}`;
  const authorization = `Bearer ${await mintBuyerToken(customer, authSecret)}`;
  const response = await fetch(url, { headers: { authorization } });
  return response.ok ? ((await response.json()) as Order) : undefined;
}

/** Sends a signed report. @throws if it is not accepted: a job of your queue then repeats it, signed again, until it is */
async function report(
  report: Report,
  { doorbuster, merchant }: ShopSettings,
): Promise<{ action: "none" | "refund" }> {
  if (!merchant) throw new Error("MERCHANT_SECRET is not set");
  const body = JSON.stringify(report);
  const [id, at] = [randomUUID(), new Date()];
  const headers = {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
    "webhook-signature": merchant.sign(id, at, body),
  };
  const path = `/api/merchant/orders/${encodeURIComponent(report.orderId)}/payment-result`;
  const response = await fetch(`${doorbuster}${path}`, { method: "POST", headers, body });
  if (!response.ok) throw new Error(`The report was not accepted: ${await response.text()}`);
  return (await response.json()) as { action: "none" | "refund" };
}
