// The addresses of an item's own pages: its order form, and the choice of a card; and those of a sale that lead there.
import type { Sale, Sku } from "../catalog/schema.ts";

const ITEM_PATH = "/sales/:saleId/skus/:skuId";

export const BUY_PATH = `${ITEM_PATH}/buy` as const;
export const CARD_CHOICE_PATH = `${ITEM_PATH}/card` as const;
/** Where the picker of a product leads without JavaScript: `?sku=` names the chosen item. */
export const PICK_PATH = "/sales/:saleId/buy";

export const pickPath = ({ id }: Pick<Sale, "id">): string => `/sales/${id}/buy`;

/** Where a buyer enters a card whose payment must come with the order. */
export const cardChoicePath = ({ sale, sku }: { sale: Sale; sku: Sku }, quantity: number): string =>
  `/sales/${sale.id}/skus/${sku.id}/card?quantity=${quantity}`;

/** Where a visitor without JavaScript signs in before a sale opens. */
export const READY_PATH = "/sales/:saleId/ready";

export const readyPath = ({ id }: Pick<Sale, "id">): string => `/sales/${id}/ready`;

/** The reminder of a sale's opening. */
export const REMINDER_PATH = "/sales/:saleId/reminder.ics";

export const reminderPath = ({ id }: Pick<Sale, "id">): string => `/sales/${id}/reminder.ics`;
