// Finds orders by their short number, which does not say where an order is: in the ledger of one SKU, or in those of many.

import { idSchema } from "../catalog/schema.ts";
import { readCatalog } from "../catalog/snapshot.ts";
import { registryOf } from "../catalog/store.ts";
import { refuse } from "../http/errors.ts";
import type { AppContext } from "../http/request.ts";
import { callInventory } from "../inventory/client.ts";
import type { OwnedOrder } from "../inventory/order.ts";
import { ROOT } from "../inventory/order-id.ts";
import { randomPartOf } from "../inventory/order-number.ts";
import { type Outcome, refused } from "../orders/buyer.ts";

/** Ledgers that one search asks: those of the published sales first. */
const MAX_LEDGERS = 200;
/** Ledgers asked at the same time. */
const AT_ONCE = 6;

export interface FoundByNumber {
  /** Newest first. Two orders can share a number. */
  orders: OwnedOrder[];
  /** Some ledgers were not asked, or did not answer. */
  incomplete: boolean;
}

/** @param sku the only SKU to look in. Undefined: all, as far as one request can ask them */
export async function findByNumber(
  c: AppContext,
  number: string,
  sku?: string,
): Promise<Outcome<FoundByNumber>> {
  const random = randomPartOf(number);
  if (random === undefined) return invalid("number", "needs the number of an order: K7QF-2M9X");
  const wanted = sku === undefined ? undefined : idSchema.safeParse(sku).data;
  if (sku !== undefined && wanted === undefined) return invalid("sku", "is not the id of a SKU");
  const skuIds: string[] = await registryOf(c.env).skuIds();
  if (wanted !== undefined && !skuIds.includes(wanted)) return invalid("sku", "never existed");
  const asked = wanted === undefined ? await inTurn(c, skuIds) : [wanted];
  const orders: OwnedOrder[] = [];
  let incomplete = wanted === undefined && skuIds.length > asked.length;
  for (let at = 0; at < asked.length; at += AT_ONCE) {
    const answers = await Promise.all(
      asked
        .slice(at, at + AT_ONCE)
        .map((skuId) =>
          callInventory(c.env, { skuId, lane: ROOT }, (inventory) =>
            inventory.startingWith(random),
          ),
        ),
    );
    for (const answer of answers) {
      if (answer.ok) orders.push(...answer.value);
      else incomplete = true;
    }
  }
  orders.sort((a, b) => b.order.createdAt.localeCompare(a.order.createdAt));
  return { ok: true, orders, incomplete };
}

const invalid = (path: string, message: string) =>
  refused(refuse("invalid_request", { issues: [{ path, message }] }));

/** The SKUs to ask, those of the published sales first. */
async function inTurn(c: AppContext, skuIds: readonly string[]): Promise<string[]> {
  const catalog = await readCatalog(c.get("scope"));
  const published = new Set(catalog.entries.flatMap(({ sale }) => sale.skus.map(({ id }) => id)));
  const others = skuIds.filter((id) => !published.has(id));
  return [...published, ...others].slice(0, MAX_LEDGERS);
}
