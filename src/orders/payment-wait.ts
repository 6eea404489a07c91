// How long a payment waits in line, as its buyer learns it. An isolate reads the scheduler at most every two seconds, so
// that many waiting buyers do not slow it down.
import { SwrCache } from "../edge/swr-cache.ts";
import type { AppContext } from "../http.ts";
import { MAX_PAUSE_MS } from "../inventory/hold-clock.ts";
import { causeOf, log } from "../observability/log.ts";
import { type LineView, secondsToWait } from "../payments/payment-line.ts";
import { schedulerOf } from "./payments-consumer.ts";

type Scope = AppContext["var"]["scope"];

const line = new SwrCache<LineView, LineView, Scope>({
  name: "payment-line",
  freshMs: 2_000,
  revalidateMs: 5_000,
  staleMs: 30_000,
  load: async ({ env }) => schedulerOf(env).view(),
  build: (view) => view,
});

/** For tests: the next read goes to the scheduler. */
export const dropPaymentLine = (): void => line.drop();

/** The line of the payments. Undefined if the scheduler does not answer: payments go on without an estimate. */
export async function paymentLine(scope: Scope): Promise<LineView | undefined> {
  try {
    return (await line.read(scope)).value;
  } catch (error) {
    log("payments.line_unknown", { cause: causeOf(error) });
    return undefined;
  }
}

/** Seconds until a payment starts that became due at `dueSince` (milliseconds). */
export async function estimatedSeconds(
  scope: Scope,
  dueSince: number,
): Promise<number | undefined> {
  const view = await paymentLine(scope);
  return view && secondsToWait(view, dueSince);
}

/** Seconds until a new payment could be taken in time. 0 if it would start while its order can still be held. */
export async function secondsUntilPayable(scope: Scope): Promise<number> {
  const view = await paymentLine(scope);
  const wait = view ? view.length / view.perSecond : 0;
  return Math.max(0, Math.ceil(wait - MAX_PAUSE_MS / 1_000));
}
