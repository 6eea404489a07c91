// The opaque cursor of a ledger's order list.
import * as z from "zod";
import type { OrderRef } from "../inventory/order-id.ts";

const cursorSchema = z.tuple([z.string().max(512), z.string().max(128)]);

/** Base64url of the last key on a page; user ids may hold any Unicode. */
export function encodeCursor({ userId, orderId }: OrderRef): string {
  const bytes = new TextEncoder().encode(JSON.stringify([userId, orderId]));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_");
}

/** The key to go on after; null for the first page, undefined when the text is no cursor. */
export function decodeCursor(text: string | undefined): OrderRef | null | undefined {
  if (text === undefined) return null;
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) =>
      char.charCodeAt(0),
    );
    const [userId, orderId] = cursorSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
    return { userId, orderId };
  } catch {
    return undefined;
  }
}
