// The opaque cursor of a ledger's order list.
import * as z from "zod";
import { type OrderRef, skuOf } from "../inventory/order-id.ts";

/** An order id, or the start of those of a lane. No other lane than the SKU may have is ever asked. */
const POSITION = /^([a-z0-9-]{1,64})\.\d{1,2}\.[a-z0-9]*$/;

const cursorSchema = z.tuple([z.string().max(512), z.string().regex(POSITION)]);

/** Base64url of the last key on a page. User ids may contain any Unicode. */
export function encodeCursor({ userId, orderId }: OrderRef): string {
  const bytes = new TextEncoder().encode(JSON.stringify([userId, orderId]));
  return bytes.toBase64({ alphabet: "base64url" });
}

/** The last key of the page before. Null for the first page, undefined if the text is not a cursor of this SKU. */
export function decodeCursor(text: string | undefined, skuId: string): OrderRef | null | undefined {
  if (text === undefined) return null;
  try {
    const bytes = Uint8Array.fromBase64(text, { alphabet: "base64url" });
    const [userId, orderId] = cursorSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
    return skuOf(orderId) === skuId ? { userId, orderId } : undefined;
  } catch {
    return undefined;
  }
}
