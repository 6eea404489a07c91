// Calls the objects that own a SKU's units.
import type { DurableObject } from "cloudflare:workers";
import type { Claim, ClaimSession } from "./claim.ts";
import { type OrderAddress, type OrderRef, objectName, ROOT } from "./order-id.ts";
import type { SkuInventory } from "./sku-inventory.ts";

export interface InventoryEnv {
  SKU_INVENTORY: DurableObjectNamespace<SkuInventory>;
}

/** The methods of T as the caller of an RPC sees them. */
type Remote<T> = {
  [K in keyof T]: T[K] extends (...args: infer Args) => infer Result
    ? (...args: Args) => Promise<Awaited<Result>>
    : never;
};

/** A claim over RPC. Disposing it ends the call. */
export interface RemoteClaim extends Disposable {
  claims: Claim[];
  session: Remote<ClaimSession>;
}

/**
 * The object's use cases. Written out because the generated stub type splits a tagged result into a union of
 * promises, which does not narrow.
 */
export type InventoryStub = Remote<
  Omit<SkuInventory, "claim" | "acknowledge" | "alarm" | keyof DurableObject>
> & { claim(refs: OrderRef[]): Promise<RemoteClaim> };

/** A new stub each time, because a stub that threw is dead. */
export const inventoryOf = (env: InventoryEnv, address: OrderAddress): InventoryStub =>
  env.SKU_INVENTORY.getByName(objectName(address)) as unknown as InventoryStub;

/** The answer of an object, or why there is none. */
export type InventoryAnswer<T> =
  | { ok: true; value: T }
  | { ok: false; reason: "overloaded" | "unavailable"; cause: unknown };

/**
 * Runs one use case at the object. Every use case is idempotent, so a fault that the runtime calls retryable (a
 * deploy, a moved object) is retried once on a new stub. An overloaded object is never retried.
 */
export async function callInventory<T>(
  env: InventoryEnv,
  address: OrderAddress,
  useCase: (inventory: InventoryStub) => Promise<T>,
): Promise<InventoryAnswer<T>> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return { ok: true, value: await useCase(inventoryOf(env, address)) };
    } catch (error) {
      const { overloaded, retryable } = error as { overloaded?: boolean; retryable?: boolean };
      if (overloaded) return { ok: false, reason: "overloaded", cause: error };
      if (!retryable || attempt > 1) return { ok: false, reason: "unavailable", cause: error };
    }
  }
}

/** Runs a use case that concerns the whole SKU, at its root. @throws the cause if the object did not answer. */
export async function atObject<T>(
  env: InventoryEnv,
  skuId: string,
  useCase: (inventory: InventoryStub) => Promise<T>,
): Promise<T> {
  const answer = await callInventory(env, { skuId, lane: ROOT }, useCase);
  if (!answer.ok) throw answer.cause;
  return answer.value;
}
