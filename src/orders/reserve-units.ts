// The call of the SKU's object for an attempt that passed the funnel.
import { takeLease } from "../funnel/allowance.ts";
import { type Admitted, objectOf } from "../funnel/attempt.ts";
import type { ReserveResult } from "../inventory/buyer-use-cases.ts";
import { callInventory, type InventoryAnswer } from "../inventory/client.ts";
import type { ReserveCommand } from "../inventory/decide-reserve.ts";

/**
 * Reserves, or looks an order up. The object knows the sale's limit per person before this edge may; it then asks for a lease,
 * and is called once more with one. The same happens if a lease ended on the way, or the object failed after it had it.
 */
export async function reserveUnits(
  attempt: Admitted,
  toCommand: (attempt: Admitted) => ReserveCommand,
): Promise<InventoryAnswer<ReserveResult>> {
  const answer = await callOnce(attempt, toCommand(attempt));
  if (!answer.ok || answer.value.ok || answer.value.reason !== "lease_required") return answer;
  const refusal = await takeLease(attempt, answer.value);
  if (refusal) attempt.pending = refusal;
  return callOnce(attempt, toCommand(attempt));
}

/** A lease is good for one call only: what a failed call made of it is unknown. So its repetition has none. */
function callOnce(
  attempt: Admitted,
  command: ReserveCommand,
): Promise<InventoryAnswer<ReserveResult>> {
  let { lease } = attempt;
  return callInventory(attempt.c.env, objectOf(attempt), (inventory) => {
    const once = lease ? { lease } : {};
    lease = undefined;
    attempt.lease = undefined;
    return inventory.reserve({ ...command, ...once });
  });
}
