// How long a payment waits in line, as its buyer learns it. An isolate reads the scheduler at most every two seconds, so
// that many waiting buyers do not slow it down.
import { readCatalog } from "../catalog/snapshot.ts";
import type { Switch } from "../catalog/switches.ts";
import { SwrCache } from "../edge/swr-cache.ts";
import type { AppContext } from "../http/request.ts";
import { MAX_PAUSE_MS } from "../inventory/hold-clock.ts";
import { type LineView, schedulerOf } from "../inventory/scheduler-client.ts";
import { causeOf, log } from "../observability/log.ts";
import { secondsToWait } from "../payments/payment-line.ts";
import type { PaymentPause } from "../payments/payment-pause.ts";

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

/** The operator's pause of all charges. Undefined while there is none. */
const pauseOfPayments = async (scope: Scope): Promise<Switch | undefined> =>
  (await readCatalog(scope)).switchesFor({}, Date.now()).paymentsPaused;

/** Seconds until a pause ends. 0 if nobody knows when. */
const secondsLeft = ({ until }: Pick<Switch, "until">): number =>
  until === undefined ? 0 : Math.max(0, Math.ceil((until - Date.now()) / 1_000));

/**
 * Seconds until a payment starts that became due at `dueSince` (milliseconds). Undefined if nobody knows: the scheduler does
 * not answer, or payments are paused without an end.
 */
export async function estimatedSeconds(
  scope: Scope,
  dueSince: number,
): Promise<number | undefined> {
  const [view, pause] = await Promise.all([paymentLine(scope), pauseOfPayments(scope)]);
  if (!view || (pause && pause.until === undefined)) return undefined;
  return Math.max(secondsToWait(view, dueSince), pause ? secondsLeft(pause) : 0);
}

/** Seconds until a new payment could be taken in time. 0 if it would start while its order can still be held. */
export async function secondsUntilPayable(scope: Scope): Promise<number> {
  const [view, pause] = await Promise.all([paymentLine(scope), pauseOfPayments(scope)]);
  const inLine = view ? view.length / view.perSecond : 0;
  const wait = inLine + (pause ? secondsLeft(pause) : 0);
  return Math.max(0, Math.ceil(wait - MAX_PAUSE_MS / 1_000));
}

/**
 * The pause of all payments, for the buyer of an unpaid order. Undefined while there is none.
 *
 * @param isDue whether the buyer has paid as far as they can
 */
export async function paymentPause(
  scope: Scope,
  isDue: boolean,
): Promise<PaymentPause | undefined> {
  const pause = await pauseOfPayments(scope);
  if (!pause) return undefined;
  const minutes = MAX_PAUSE_MS / 60_000;
  return { isDue, minutes, ...(pause.notice === undefined ? {} : { notice: pause.notice }) };
}
