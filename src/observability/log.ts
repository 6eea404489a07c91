// Structured logs, one JSON line per event. The type allows only listed fields: no bodies, tokens or addresses.
import { TokenBucket } from "../token-bucket.ts";

/** The only fields that a log line may have. Undefined ones are left out. */
export interface LogFields {
  requestId?: string | undefined;
  route?: string;
  status?: number;
  saleId?: string;
  skuId?: string;
  orderId?: string | undefined;
  /** The keyed hash of a user's id. */
  account?: string | undefined;
  messageId?: string;
  attempts?: number;
  count?: number;
  step?: string;
  reason?: string;
  cause?: string;
  milliseconds?: number;
}

/** Limit per event and isolate: 20 lines at once, and 20 per second. The next line states how many were dropped. */
const LINES = { burst: 20, everyMs: 50 };

/** By event. There are as many as calls of `log`. */
const budgets = new Map<string, { bucket: TokenBucket; dropped: number }>();

/** Writes one line. `event` is a fixed name with dots, such as `payment.unknown`. */
export function log(event: string, fields: LogFields = {}): void {
  const budget = budgets.get(event) ?? { bucket: new TokenBucket(LINES), dropped: 0 };
  budgets.set(event, budget);
  if (budget.bucket.take(Date.now()) > 0) {
    budget.dropped += 1;
    return;
  }
  const droppedSinceLast = budget.dropped > 0 ? { droppedSinceLast: budget.dropped } : {};
  budget.dropped = 0;
  console.log(JSON.stringify({ event, ...fields, ...droppedSinceLast }));
}

/** The end of an error of the Redis client, which quotes the command: user ids, addresses, notes. */
const QUOTED_COMMAND = /,? command was: .*/s;

/** The part of an unexpected error that may be logged: its name and message, without the stack. */
export const causeOf = (error: unknown): string =>
  error instanceof Error
    ? `${error.name}: ${error.message.replace(QUOTED_COMMAND, "")}`.slice(0, 300)
    : "not an Error";
