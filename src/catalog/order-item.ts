// The words an order keeps: what the catalog calls a SKU on the day it is ordered.
import type { Item } from "../inventory/order.ts";
import type { Sale, Sku } from "./schema.ts";

export function itemOf({ title, imageUrl, theme }: Sale, { name }: Sku): Item {
  return {
    name,
    ...(imageUrl === undefined ? {} : { imageUrl }),
    saleTitle: title,
    ...(theme?.seller === undefined ? {} : { seller: theme.seller }),
  };
}
