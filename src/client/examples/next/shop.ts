// The shop that all routes share. It reads its settings with the first request: a build has no secrets.
import { OrderBook } from "../server/order-book.ts";
import { readSettings, type ShopSettings } from "../server/settings.ts";

let known: { settings: ShopSettings; book: OrderBook } | undefined;

/** Several instances of a Next.js app share a database, not this memory. */
export function shop(): { settings: ShopSettings; book: OrderBook } {
  known ??= { settings: readSettings(process.env), book: new OrderBook() };
  return known;
}
