// The description of a SKU that an order stores, as the catalog has it at the time of the order.
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
