// The addresses of an item's own pages: its order form, and the choice of a card.
import type { Sale, Sku } from "../catalog/schema.ts";

const ITEM_PATH = "/sales/:saleId/skus/:skuId";

export const BUY_PATH = `${ITEM_PATH}/buy` as const;
export const CARD_CHOICE_PATH = `${ITEM_PATH}/card` as const;

/** Where a buyer enters a card whose payment must come with the order. */
export const cardChoicePath = ({ sale, sku }: { sale: Sale; sku: Sku }, quantity: number): string =>
  `/sales/${sale.id}/skus/${sku.id}/card?quantity=${quantity}`;
