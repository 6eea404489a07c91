// The description of a SKU that an order stores, as the catalog has it at the time of the order.
import { type Branding, mergeBranding } from "../config/branding.ts";
import type { Item } from "../inventory/order.ts";
import type { Sale, Sku } from "./schema.ts";

/** @param site the branding of the deployment, whose seller sells what a sale does not say otherwise */
export function itemOf(sale: Sale, { name, option, product, ...sku }: Sku, site: Branding): Item {
  const owner = sale.products?.find(({ id }) => id === product);
  const imageUrl = sku.imageUrl ?? owner?.imageUrl ?? sale.imageUrl;
  const { seller } = mergeBranding(site, sale.theme);
  return {
    name,
    ...(option === undefined ? {} : { option }),
    ...(imageUrl === undefined ? {} : { imageUrl }),
    saleTitle: sale.title,
    ...(seller === undefined ? {} : { seller }),
  };
}
