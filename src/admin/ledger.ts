// Operator requests to the ledger of one SKU.
import { idSchema } from "../catalog/schema.ts";
import { problem, refuse } from "../http/errors.ts";
import type { AppContext } from "../http/request.ts";
import { callInventory, type InventoryStub } from "../inventory/client.ts";
import { ROOT } from "../inventory/order-id.ts";

/** Calls a SKU's ledger and returns the result as JSON, or 404 if it is null. */
export async function atLedger(
  c: AppContext,
  useCase: (inventory: InventoryStub) => Promise<object | null>,
  id = c.req.param("skuId"),
): Promise<Response> {
  const skuId = idSchema.safeParse(id);
  if (!skuId.success) return problem(c, refuse("not_found"));
  const answer = await callInventory(c.env, { skuId: skuId.data, lane: ROOT }, useCase);
  if (!answer.ok) return problem(c, refuse(answer.reason));
  return answer.value ? c.json(answer.value) : problem(c, refuse("not_found"));
}
