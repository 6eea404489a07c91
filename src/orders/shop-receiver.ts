// Posts events to the shop's receiver, through its breaker.
import type { Config } from "../config/config.ts";
import { Breaker, BreakerOpen } from "../edge/breaker.ts";
import { type Posted, postSigned } from "../http/signed-post.ts";
import type { OrderEvent } from "../inventory/order-event.ts";

export type WebhookConfig = Pick<
  Config,
  "ORDER_WEBHOOK_URL" | "ORDER_WEBHOOK_SECRET" | "ORDER_WEBHOOK_EVENTS" | "BREAKERS"
>;

/** The shop's webhook answers nothing, or says that it cannot take events now. */
class ShopDown extends Error {}

const receiver = new Breaker("webhook", (error) => error instanceof ShopDown);

/** Without a fault the shop accepted the event. `isUntried`: it was not posted. `isGone`: no event will ever be accepted. */
export interface PostResult {
  fault?: string | undefined;
  isUntried?: true;
  isGone?: boolean;
}

/** Posts one event, unless the shop's webhook is down. */
export async function postUnlessDown(
  event: OrderEvent,
  config: WebhookConfig,
): Promise<PostResult> {
  try {
    return await receiver.run(config.BREAKERS.webhook, async () => {
      const { isDown, fault, isGone = false } = await post(event, config);
      if (isDown) throw new ShopDown(fault);
      return { fault, isGone };
    });
  } catch (error) {
    if (error instanceof BreakerOpen) return { fault: error.message, isUntried: true };
    return { fault: (error as Error).message };
  }
}

/** Posts one event, whatever earlier ones met. Returns what went wrong, or undefined if the shop accepted it. */
export const postEvent = async (
  event: { id: string; type: string },
  config: WebhookConfig,
): Promise<string | undefined> => (await post(event, config)).fault;

async function post(
  event: { id: string; type: string },
  { ORDER_WEBHOOK_URL: url, ORDER_WEBHOOK_SECRET: secrets, BREAKERS }: WebhookConfig,
): Promise<Posted> {
  if (!url || !secrets) return { fault: "no ORDER_WEBHOOK_URL is set" };
  const { limitMs } = BREAKERS.webhook;
  const { fault, ...posted } = await postSigned({ url, secrets, limitMs }, event.id, event);
  return fault === undefined ? posted : { ...posted, fault: `the shop ${fault}` };
}
