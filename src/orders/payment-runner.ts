// A Durable Object that settles a few payments at a time. There are as many of them as the pace needs, because Cloudflare
// lets one object wait for at most six responses at once.
import { DurableObject } from "cloudflare:workers";
import { requireConfig } from "../config/config.ts";
import type { InventoryEnv } from "../inventory/client.ts";
import type { OrderMessage } from "../inventory/messages.ts";
import type { PaymentGateway } from "../payments/gateway.ts";
import { createGateway } from "../payments/gateway-factory.ts";
import type { SandboxEnv } from "../payments/sandbox.ts";
import { type Settlement, type SettleTerms, settlePayment } from "./settle-payment.ts";

/** One less than Cloudflare allows, for a call that outlives its time limit. */
export const PAYMENTS_AT_ONCE = 5;

type RunnerEnv = InventoryEnv & SandboxEnv;

export class PaymentRunner extends DurableObject<RunnerEnv> {
  readonly #gateway: PaymentGateway | null;

  constructor(ctx: DurableObjectState, env: RunnerEnv) {
    super(ctx, env);
    this.#gateway = createGateway(env, requireConfig(env));
  }

  /** Takes one step of one order. */
  settle(message: OrderMessage, terms: SettleTerms): Promise<Settlement> {
    return settlePayment(message, this.env, this.#gateway, terms);
  }
}
