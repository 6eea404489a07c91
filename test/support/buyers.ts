// Buyers of a SKU without a ledger.
import { Buyers } from "../../src/inventory/buyers.ts";

/** These people, each once, in the order in which they come. `add` adds further ones. */
export function buyersOf(users: Iterable<string> = []): Buyers {
  const positions = new Map<string, number>();
  const ids: string[] = [];
  const buyers = new Buyers((userId, limit) => {
    const start = (positions.get(userId) ?? -1) + 1;
    return ids.slice(start, start + limit);
  });
  const addBuyer = buyers.add.bind(buyers);
  buyers.add = (userId) => {
    if (positions.has(userId)) return;
    positions.set(userId, ids.length);
    ids.push(userId);
    addBuyer(userId);
  };
  for (const user of users) buyers.add(user);
  return buyers;
}
