// Structured logs, one JSON line per event. The type allows only listed fields: no bodies, tokens or addresses.

/** The only fields that a log line may have. */
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

/** Limit per event, second and isolate. The next line states how many were suppressed. */
const LINES_PER_SECOND = 20;

const budgets = new Map<string, { second: number; lines: number; suppressed: number }>();

/** Writes one line. `event` is a fixed name with dots, such as `payment.unknown`. */
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

/** The end of an error of the Redis client, which quotes the command: user ids, addresses, notes. */
const QUOTED_COMMAND = /,? command was: .*/s;

/** The part of an unexpected error that may be logged: its name and message, without the stack. */
export const causeOf = (error: unknown): string =>
  error instanceof Error
    ? `${error.name}: ${error.message.replace(QUOTED_COMMAND, "")}`.slice(0, 300)
    : "not an Error";
