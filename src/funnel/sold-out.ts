// Sold out, as the edge knows it: at most two seconds old, no I/O. It stands behind identity, because a
// buyer who may already have an order is asking about that order, and only the object can answer.
import { peekStock } from "../catalog/live.ts";
import { refuse } from "../errors.ts";
import { buyerHash } from "../inventory/buyers.ts";
import type { Stage } from "./attempt.ts";

export const soldOut: Stage = {
  name: "sold-out",
  check({ c, entry, skuId, userId }) {
    const stock = peekStock(c, entry, skuId);
    if (stock?.available !== 0 || !stock.buyers || stock.buyers.has(buyerHash(userId))) {
      return undefined;
    }
    return refuse("sold_out", { available: 0 });
  },
};
