// The calls to the payment scheduler. Entering its line waits for no money, so a slow card delays no other order, and
// waiting in line uses up no delivery.
import { causeOf, log } from "../observability/log.ts";
import type { OrderMessage } from "./messages.ts";

export type SchedulerBinding = Pick<Env, "PAYMENT_SCHEDULER">;

/** How long the line is, in a form that a caller can work out its own place from. */
export interface LineView {
  /** Orders that wait for their start, or for the end of a pause. */
  length: number;
  /** Starts per second. */
  perSecond: number;
  /** `[enteredAt, place]` of some waiting orders, first to last. Places count from 1. */
  points: [enteredAt: number, place: number][];
}

/** Written out because the generated stub type loses tuples. */
interface SchedulerStub {
  enter(orders: OrderMessage[]): Promise<string[]>;
  view(): Promise<LineView>;
}

/** The only scheduler. A new stub each time, because a stub that threw is dead. */
export const schedulerOf = (env: SchedulerBinding): SchedulerStub =>
  env.PAYMENT_SCHEDULER.getByName("scheduler") as unknown as SchedulerStub;

/**
 * Adds orders to the line of the payments. Returns the ids of those that are not in it, because it is full or the scheduler
 * failed. Never throws.
 */
export async function enterLine(
  env: SchedulerBinding,
  orders: OrderMessage[],
): Promise<ReadonlySet<string>> {
  if (orders.length === 0) return new Set();
  try {
    return new Set(await schedulerOf(env).enter(orders));
  } catch (error) {
    log("payments.scheduler_failed", { count: orders.length, cause: causeOf(error) });
    return new Set(orders.map(({ orderId }) => orderId));
  }
}
