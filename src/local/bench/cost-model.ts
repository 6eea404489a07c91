// Compares the constants of the cost model with what the benchmark counted.
import { ATTEMPT, BYTES, COLO, OPERATIONS_OF_MESSAGE, ORDER, PAYMENT } from "../../cost/usage.ts";
import type { ColoCost } from "./colo.ts";
import type { CostPerRequest } from "./cost.ts";
import type { Outcome } from "./outcome.ts";
import type { Row } from "./row.ts";
import type { WakeCost } from "./wake.ts";

/** Counts for one request. */
type Modeled = Record<
  "Redis commands" | "object calls" | "rows written" | "queue messages" | "queue operations",
  number
>;

export interface ModelCheck {
  what: string;
  model: number;
  counted: number;
  agrees: boolean;
}

const modeled = ({
  attempts,
  rows,
  messages,
}: Record<"attempts" | "rows" | "messages", number>) => ({
  "Redis commands": attempts * (ATTEMPT.redisCommands + ATTEMPT.redisScripts),
  "object calls": attempts * ATTEMPT.objectCalls,
  "rows written": rows,
  "queue messages": messages,
  "queue operations": messages * OPERATIONS_OF_MESSAGE,
});

const NOTHING: Modeled = modeled({ attempts: 0, rows: 0, messages: 0 });
/** It makes no order, so nothing marks one in Redis. */
const REPEAT: Modeled = {
  ...modeled({ attempts: 1, rows: 0, messages: 0 }),
  "Redis commands": ATTEMPT.redisScripts,
};
const FREE: Modeled = modeled({ attempts: 1, rows: ORDER.rowsWritten, messages: ORDER.messages });
const PAID: Modeled = {
  ...modeled({
    attempts: 1,
    rows: ORDER.rowsWritten,
    messages: ORDER.messages + PAYMENT.messages,
  }),
  "object calls": ATTEMPT.objectCalls + PAYMENT.objectCalls,
};

/** By the name of the row. All others cost nothing: views, polls, refusals, joining a line and waiting in it. */
const MODEL: Record<string, Modeled> = {
  "order accepted": FREE,
  "order in a line": FREE,
  "paid order accepted": PAID,
  "repeat of a settled order": REPEAT,
};

/** The checks of all measurements that succeeded. */
export function checkModel(
  rows: Pick<Row, "name">[],
  costs: Outcome<CostPerRequest | undefined>[],
  colo: Outcome<ColoCost[]>,
  wake: Outcome<WakeCost>,
): ModelCheck[] {
  const checks = rows.flatMap(({ name }, index) => {
    const cost = costs[index];
    return cost?.ok && cost.value ? checksOf(name, cost.value) : [];
  });
  return [
    ...checks,
    ...(colo.ok ? checksOfColo(colo.value) : []),
    ...(wake.ok ? checksOfBytes(wake.value) : []),
  ];
}

function checksOf(name: string, cost: CostPerRequest): ModelCheck[] {
  const { redisCommands, objectCalls } = cost;
  const counted: Modeled = {
    "Redis commands": redisCommands.before + redisCommands.after,
    "object calls": objectCalls.before + objectCalls.after,
    "rows written": cost.rowsWritten,
    "queue messages": cost.queueMessages,
    "queue operations": cost.queueOperations,
  };
  return Object.entries(MODEL[name] ?? NOTHING).map(([part, model]) => {
    const count = counted[part as keyof Modeled];
    // The colo's polls and the batches of the consumer are shared by many requests, so each pays a fraction.
    return { what: `${name}: ${part}`, model, counted: count, agrees: Math.round(count) === model };
  });
}

/** The model has the most that a colo asks. */
const checksOfColo = (colos: ColoCost[]): ModelCheck[] =>
  colos.map(({ name, commandsPerSecond: counted }) => {
    const model = COLO.redisCommandsPerSecond;
    const what = `a colo while ${name}: commands a second, at most`;
    return { what, model, counted, agrees: counted <= model };
  });

function checksOfBytes({ bytesPerOrder, bytesPerPaidOrder }: WakeCost): ModelCheck[] {
  const pairs = [
    { what: "a free order: bytes, within 10 %", model: BYTES.free, counted: bytesPerOrder },
    { what: "a paid order: bytes, within 10 %", model: BYTES.paid, counted: bytesPerPaidOrder },
  ];
  return pairs.map((pair) => ({
    ...pair,
    agrees: Math.abs(pair.counted / pair.model - 1) < 0.1,
  }));
}
