// The ids of orders, and the objects that own them. An id carries the SKU and the lane, so any edge finds the object without a look-up.

/** Identifies an order in its ledger: its owner and its id. */
export interface OrderRef {
  userId: string;
  orderId: string;
}

/** The object that owns an order. `lane` is 0 in a SKU with one object. */
export interface OrderAddress {
  skuId: string;
  lane: number;
}

/** A SKU, and the objects that share it. */
export interface LanedSku {
  id: string;
  /** Their number. Absent: 1. */
  lanes?: number | undefined;
  /** Numbers that it was before. */
  former?: readonly number[] | undefined;
}

/** The objects that share a SKU, as these know them. */
export interface Layout {
  /** The revision of the sale that chose the number of lanes. 0 if it is the first one. */
  since: number;
  /** The number of lanes, among which new buyers are spread. */
  lanes: number;
  /** Numbers that it was before, each once. Their lanes may have buyers. */
  former: readonly number[];
}

/** The number of objects that ever had a part in the SKU. Their lanes are those below it. */
export const lanesEver = ({ lanes, former }: Omit<Layout, "since">): number =>
  Math.max(lanes, ...former);

/** Most objects that share one SKU. */
export const MAX_LANES = 64;

/** The lane whose object stands for its SKU: what concerns all lanes goes to it. */
export const ROOT = 0;

/** The name of an object. Ids of SKUs have no dot, so no SKU has the name of another one's lane. */
export const objectName = ({ skuId, lane }: OrderAddress): string =>
  lane === ROOT ? skuId : `${skuId}.${lane}`;

/** The SKU of an object. */
export const skuOf = (name: string): string => name.split(".", 1)[0] as string;

/** The addresses of all objects that a SKU ever had, the root first. */
export const addressesOf = ({ id: skuId, lanes = 1, former = [] }: LanedSku): OrderAddress[] =>
  Array.from({ length: lanesEver({ lanes, former }) }, (_, lane) => ({ skuId, lane }));

const SYMBOLS = 20;
const ORDER_ID = /^([a-z0-9-]{1,64})\.(\d{1,3})\.([a-z0-9]{20})$/;

/** The names of all objects of these SKUs. */
export const namesOf = (skus: readonly LanedSku[]): string[] =>
  skus.flatMap((sku) => addressesOf(sku).map(objectName));

/** Makes an order id: SKU, lane and 100 random bits in base 32, all safe in a URL. */
export function newOrderId({ skuId, lane }: OrderAddress): string {
  const bytes = crypto.getRandomValues(new Uint8Array(SYMBOLS));
  const random = Array.from(bytes, (byte) => (byte & 31).toString(32)).join("");
  return `${skuId}.${lane}.${random}`;
}

/** Reads the address from an order id. Undefined if the text is not an order id. */
export function parseOrderId(orderId: string): OrderAddress | undefined {
  const match = ORDER_ID.exec(orderId);
  return match ? { skuId: match[1] as string, lane: Number(match[2]) } : undefined;
}
