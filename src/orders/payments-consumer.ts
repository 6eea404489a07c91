// The consumer of the "payments" queue: adds orders to the line of the payment scheduler. It never waits for money, so a
// slow card delays no other order, and waiting in line uses up no delivery.
import { type OrderMessage, orderMessageSchema } from "../inventory/messages.ts";
import { causeOf, log } from "../observability/log.ts";
import type { LineView } from "../payments/payment-line.ts";
import { type DeadLetterEnv, retryOrDeadLetter, retryOrDefer } from "./delivery.ts";
import type { PaymentScheduler } from "./payment-scheduler.ts";

export interface SchedulerBinding {
  PAYMENT_SCHEDULER: DurableObjectNamespace<PaymentScheduler>;
}

/** Written out because the generated stub type loses tuples. */
interface SchedulerStub {
  enter(orders: OrderMessage[]): Promise<string[]>;
  view(): Promise<LineView>;
}

/** The only scheduler. A new stub each time, because a stub that threw is dead. */
export const schedulerOf = (env: SchedulerBinding): SchedulerStub =>
  env.PAYMENT_SCHEDULER.getByName("scheduler") as unknown as SchedulerStub;

/** Acknowledges what is in the line. The ledgers send the orders again that the scheduler loses in a restart. */
export async function consumePayments(
  batch: Pick<MessageBatch, "messages" | "queue">,
  env: SchedulerBinding & DeadLetterEnv,
): Promise<void> {
  const read = batch.messages.map((message) => ({
    message,
    order: orderMessageSchema.safeParse(message.body).data,
  }));
  const orders = read.flatMap(({ order }) => order ?? []);
  const { fault, refused } = await enterLine(env, orders);
  for (const { message, order } of read) {
    if (!order) {
      await retryOrDeadLetter(env, batch.queue, message, "the message cannot be read");
    } else if (fault ?? refused.has(order.orderId)) {
      retryOrDefer(message, fault ?? "the line is full");
    } else message.ack();
  }
}

async function enterLine(
  env: SchedulerBinding,
  orders: OrderMessage[],
): Promise<{ fault?: string; refused: Set<string> }> {
  if (orders.length === 0) return { refused: new Set() };
  try {
    return { refused: new Set(await schedulerOf(env).enter(orders)) };
  } catch (error) {
    log("payments.scheduler_failed", { count: orders.length, cause: causeOf(error) });
    return { fault: `the scheduler failed (${causeOf(error)})`, refused: new Set() };
  }
}
