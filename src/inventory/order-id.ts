// The ids of orders. An id carries the SKU and the lane, so any edge finds the object without a look-up.

/** Identifies an order in its ledger: its owner and its id. */
export interface OrderRef {
  userId: string;
  orderId: string;
}

/** The object that owns an order. `lane` is 0 while a SKU has one object. */
export interface OrderAddress {
  skuId: string;
  lane: number;
}

const RANDOM_BYTES = 12;
const ORDER_ID = /^([a-z0-9-]{1,64})\.(\d{1,3})\.([a-z0-9]{20})$/;

/** Makes an order id: SKU, lane and 96 random bits in base 32, all safe in a URL. */
export function newOrderId({ skuId, lane }: OrderAddress): string {
  const bytes = crypto.getRandomValues(new Uint8Array(RANDOM_BYTES));
  const bits = bytes.reduce((text, byte) => text + byte.toString(2).padStart(8, "0"), "");
  const random = bits.match(/.{1,5}/g)?.map((five) => Number.parseInt(five, 2).toString(32));
  return `${skuId}.${lane}.${random?.join("")}`;
}

/** Reads the address from an order id. Undefined if the text is not an order id. */
export function parseOrderId(orderId: string): OrderAddress | undefined {
  const match = ORDER_ID.exec(orderId);
  return match ? { skuId: match[1] as string, lane: Number(match[2]) } : undefined;
}
