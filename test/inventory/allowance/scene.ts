// Sizes of a sale with a limit per person, at their objects, without HTTP.
import { env } from "cloudflare:workers";
import { type AllowanceStub, allowanceName } from "../../../src/inventory/allowance/client.ts";
import type { ReserveResult } from "../../../src/inventory/buyer-use-cases.ts";
import type { ReserveCommand } from "../../../src/inventory/decide-reserve.ts";
import { suppressLiveStock, unique } from "../../support/shop.ts";
import { anOffer } from "../commands.ts";
import { aReservation, inventory } from "../object.ts";

export interface LimitedSale {
  saleId: string;
  limit: number;
  skuIds: string[];
}

interface Terms {
  limit?: number;
  sizes?: number;
  stock?: number;
  price?: number;
  holdSeconds?: number;
}

export async function givenSizes(terms: Terms = {}): Promise<LimitedSale> {
  const { limit = 1, sizes = 2, stock = 10, price = 0, ...more } = terms;
  suppressLiveStock();
  const saleId = unique("sale");
  const made = Array.from({ length: sizes }, async () => {
    const skuId = unique("size");
    const offer = anOffer(stock, price);
    Object.assign(offer.terms, { saleId, skuId, saleLimit: limit, perUserLimit: limit, ...more });
    await inventory(skuId).configure({ skuId, revision: 1, offer });
    return skuId;
  });
  return { saleId, limit, skuIds: await Promise.all(made) };
}

export const allowanceStub = ({ saleId }: LimitedSale, userId: string) =>
  env.SALE_ALLOWANCE.getByName(allowanceName(saleId, userId));

export const allowanceFor = (sale: LimitedSale, userId: string): AllowanceStub =>
  allowanceStub(sale, userId) as unknown as AllowanceStub;

/** An attempt with its lease, if the allowance grants one. */
export async function attempt(
  sale: LimitedSale,
  skuId: string,
  userId: string,
  changes: Partial<ReserveCommand> = {},
): Promise<ReserveResult | { ok: false; reason: "limit_reached" | "undecided" }> {
  const { saleId, limit } = sale;
  const command = aReservation(skuId, { userId, ...changes });
  const { idempotencyKey: key, quantity } = command;
  const answer = await allowanceFor(sale, userId).lease({
    saleId,
    userId,
    skuId,
    key,
    quantity,
    limit,
  });
  if (!answer.ok) return { ok: false, reason: answer.reason };
  const lease = answer.lease ? { lease: { ...answer.lease, saleId, limit } } : {};
  return inventory(skuId).reserve({ ...command, ...lease });
}

/** The same, for an attempt that must be accepted. */
export async function taken(
  ...args: Parameters<typeof attempt>
): Promise<{ userId: string; orderId: string }> {
  const result = await attempt(...args);
  if (!result.ok) throw new Error(`not accepted: ${JSON.stringify(result)}`);
  return { userId: args[2], orderId: result.order.id };
}
