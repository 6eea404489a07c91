// The operator's export of a SKU's orders as CSV, streamed page by page, so that a million orders need no more memory than
// one page.
import type { Context } from "hono";
import { idSchema } from "../catalog/schema.ts";
import { problem, refuse } from "../http/errors.ts";
import type { AppEnv } from "../http/request.ts";
import { atObject, callInventory } from "../inventory/client.ts";
import type { OwnedOrder } from "../inventory/order.ts";
import type { OrderRef } from "../inventory/order-id.ts";
import { ROOT } from "../inventory/order-id.ts";
import { toDecimal } from "../values/money.ts";
import { csvRecord } from "./csv.ts";

/** Header → value. New columns go to the end, so that scripts can rely on positions. */
const COLUMNS: Record<string, (owned: OwnedOrder) => string | number> = {
  orderId: ({ order }) => order.id,
  userId: ({ userId }) => userId,
  saleId: ({ order }) => order.saleId,
  skuId: ({ order }) => order.skuId,
  item: ({ order }) => order.item.name,
  option: ({ order }) => order.item.option ?? "",
  quantity: ({ order }) => order.quantity,
  currency: ({ order }) => order.total.currency,
  unitPrice: ({ order }) => toDecimal(order.unitPrice),
  total: ({ order }) => toDecimal(order.total),
  status: ({ order }) => order.status,
  payment: ({ order }) => order.payment ?? "",
  reason: ({ order }) => order.reason ?? "",
  refunded: ({ order }) => toDecimal(order.refunded),
  refundedQuantity: ({ order }) => order.refundedQuantity,
  dispute: ({ order }) => order.dispute?.status ?? "",
  createdAt: ({ order }) => order.createdAt,
  expiresAt: ({ order }) => order.expiresAt,
  version: ({ order }) => order.version,
  number: ({ order }) => order.number,
};

const HEADER = csvRecord(Object.keys(COLUMNS));

const recordsOf = (orders: OwnedOrder[]): string =>
  orders.map((owned) => csvRecord(Object.values(COLUMNS).map((read) => read(owned)))).join("");

interface Page {
  orders: OwnedOrder[];
  next: OrderRef | null;
}

/** A download that fails on the way breaks off, so that no client takes a part for the whole. */
export async function exportOrders(
  c: Context<AppEnv, "/skus/:skuId/orders.csv">,
): Promise<Response> {
  const { success, data: skuId } = idSchema.safeParse(c.req.param("skuId"));
  if (!success) return problem(c, refuse("not_found"));
  const answer = await callInventory(c.env, { skuId, lane: ROOT }, async (inventory) =>
    (await inventory.report()) ? inventory.page(null) : null,
  );
  if (!answer.ok) return problem(c, refuse(answer.reason));
  if (!answer.value) return problem(c, refuse("not_found"));
  const pageAfter = (after: OrderRef) => atObject(c.env, skuId, (object) => object.page(after));
  return c.body(streamOf(answer.value, pageAfter), 200, {
    "Content-Type": "text/csv; charset=utf-8; header=present",
    "Content-Disposition": `attachment; filename="orders-${skuId}.csv"`,
  });
}

/** Reads the next page only once the client has taken the one before. */
function streamOf(
  first: Page,
  pageAfter: (after: OrderRef) => Promise<Page>,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let page = first;
  let text = HEADER + recordsOf(first.orders);
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        controller.enqueue(encoder.encode(text));
        if (!page.next) return controller.close();
        page = await pageAfter(page.next);
        text = recordsOf(page.orders);
      },
    },
    { highWaterMark: 0 },
  );
}
