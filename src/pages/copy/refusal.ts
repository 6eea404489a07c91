// The copy for refusals, by the error codes of errors.ts. Shared by server and browser.
import type { ErrorCode, ProblemFields } from "../../http/errors.ts";
import { stopWords } from "./stop.ts";
import type { Wording } from "./wording.ts";

/** The fields of problem+json that the copy depends on. */
export interface Problem extends ProblemFields {
  code?: ErrorCode;
  title?: string;
}

/** Waits of at least this long are stated in minutes. */
const LONG_SECONDS = 100;

/** "1 second", "7 seconds", "12 minutes". */
export const formatWait = ({ duration }: Wording, seconds: number): string =>
  seconds < LONG_SECONDS
    ? duration(seconds, "second")
    : duration(Math.ceil(seconds / 60), "minute");

/** States the purchase limit; without the number if the refusal does not contain it. */
export const limitText = ({ words: { refusal }, fill }: Wording, limit?: number): string =>
  limit ? fill(refusal.limit, { n: limit }) : refusal.limitUnknown;

/** The message for a refused order or payment. */
export function refusalText(problem: Problem, wording: Wording): string {
  const { code, because, stop, opensAt, unitPrice, retryAfterSeconds = 1 } = problem;
  const { words, fill, join } = wording;
  const { refusal } = words;
  if (stop) return stopWords(stop, wording).why;
  const why = because && refusal[because];
  const wait = () => formatWait(wording, retryAfterSeconds);
  switch (code) {
    case "sold_out":
      return soldOutText(problem, wording);
    case "price_changed":
      return unitPrice
        ? fill(refusal.price, { price: wording.price(unitPrice.amount, unitPrice.currency) })
        : refusal.priceUnknown;
    case "user_limit_reached":
      return limitText(wording, problem.limit);
    case "sale_not_open":
      return opensAt ? fill(refusal.opens, { time: wording.time(opensAt) }) : refusal.opensSoon;
    case "ticket_required":
      return refusal.line;
    case "not_admitted_yet":
      return fill(refusal.turn, { wait: wait() });
    case "sale_closed":
      return refusal.ended;
    case "rate_limited":
      return join(why ?? refusal.tooMany, fill(refusal.pleaseWait, { wait: wait() }));
    case "overloaded":
    case "unavailable":
      return why ?? join(refusal.trouble, words.common.noDuplicate);
    case "payment_method_required":
      return join(refusal.unpaid, why ?? refusal.payHere);
    case "order_not_payable":
      return why ?? refusal.notPayable;
    case "order_not_cancellable":
      return refusal.notCancellable;
    case "not_found":
      return refusal.gone;
    case "blocked":
      return refusal.blocked;
    default:
      return fallbackText(problem, wording);
  }
}

function soldOutText({ available, held }: Problem, { words: { refusal }, fill }: Wording): string {
  if (available) return fill(refusal.few, { n: available });
  return held ? refusal.held : refusal.soldOut;
}

/** A problem without a code comes from the payment provider's script, in the language of the page. */
const fallbackText = ({ code, detail }: Problem, { words }: Wording): string =>
  (code === undefined ? detail : undefined) ?? words.refusal.failed;
