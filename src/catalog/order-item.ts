// The description of a SKU that an order stores, as the catalog has it at the time of the order.
import type { Item } from "../inventory/order.ts";
import type { Sale, Sku } from "./schema.ts";

export function itemOf(sale: Sale, { name, option, product, ...sku }: Sku): Item {
  const owner = sale.products?.find(({ id }) => id === product);
  const imageUrl = sku.imageUrl ?? owner?.imageUrl ?? sale.imageUrl;
  const seller = sale.theme?.seller;
  return {
    name,
    ...(option === undefined ? {} : { option }),
    ...(imageUrl === undefined ? {} : { imageUrl }),
    saleTitle: sale.title,
    ...(seller === undefined ? {} : { seller }),
  };
}
