// Use cases of the operator at a SKU's ledger.
import { idSchema } from "../catalog/schema.ts";
import { problem, refuse } from "../errors.ts";
import type { AppContext } from "../http.ts";
import { callInventory, type InventoryStub, LANE } from "../inventory/client.ts";

/** Runs a use case at a SKU's ledger. Null is answered as 404, the rest as JSON. */
export async function atLedger(
  c: AppContext,
  useCase: (inventory: InventoryStub) => Promise<object | null>,
): Promise<Response> {
  const skuId = idSchema.safeParse(c.req.param("skuId"));
  if (!skuId.success) return problem(c, refuse("not_found"));
  const answer = await callInventory(c.env, { skuId: skuId.data, lane: LANE }, useCase);
  if (!answer.ok) return problem(c, refuse(answer.reason));
  return answer.value ? c.json(answer.value) : problem(c, refuse("not_found"));
}
