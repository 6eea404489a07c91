// Structured logs, one JSON line each. Fields are allow-listed by type: no bodies, tokens or addresses.

/** The only fields a log line may carry. */
export interface LogFields {
  requestId?: string;
  route?: string;
  status?: number;
  saleId?: string;
  skuId?: string;
  orderId?: string;
  messageId?: string;
  attempts?: number;
  count?: number;
  step?: string;
  reason?: string;
  cause?: string;
  milliseconds?: number;
}

/** At most so many lines of one event a second and isolate; the rest is counted and said with the next. */
const LINES_PER_SECOND = 20;

const budgets = new Map<string, { second: number; lines: number; suppressed: number }>();

/** Writes one line. `event` is a fixed dotted name such as `payment.unknown`. */
export function log(event: string, fields: LogFields = {}): void {
  const second = Math.floor(Date.now() / 1_000);
  let budget = budgets.get(event);
  if (budget?.second !== second) {
    budget = { second, lines: 0, suppressed: budget?.suppressed ?? 0 };
    budgets.set(event, budget);
  }
  if (budget.lines >= LINES_PER_SECOND) {
    budget.suppressed += 1;
    return;
  }
  budget.lines += 1;
  const suppressed = budget.suppressed > 0 ? { suppressed: budget.suppressed } : {};
  budget.suppressed = 0;
  console.log(JSON.stringify({ event, ...fields, ...suppressed }));
}

/** From here on the Redis client quotes what it sent: user ids, addresses, notes. */
const QUOTED_COMMAND = /,? command was: .*/s;

/** What an unexpected error may tell the log: its name and message, without the stack. */
export const causeOf = (error: unknown): string =>
  error instanceof Error
    ? `${error.name}: ${error.message.replace(QUOTED_COMMAND, "")}`.slice(0, 300)
    : "not an Error";
