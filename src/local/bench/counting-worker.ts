// Doorbuster with a counter at every binding. It counts what a request costs without a change to the code under test.
// It runs apart from the timed rounds, because counting takes time.
import { AsyncLocalStorage } from "node:async_hooks";

import worker, {
  SkuInventory as Inventory,
  SaleLine as Line,
  PaymentRunner as Runner,
  PaymentScheduler as Scheduler,
} from "../../index.ts";

export * from "../../index.ts";

/** What is counted. */
export type Unit =
  | "roundTrips"
  | "commands"
  | "objectCalls"
  /** Those of them between the lanes of a SKU to move units. */
  | "laneCalls"
  | "rowsWritten"
  | "alarms"
  | "messages"
  /** What Cloudflare bills of a queue: each message written, delivered and acknowledged. */
  | "queueOperations"
  /** Batches of the consumer of orders, and the messages in them. */
  | "batches"
  | "batchMessages";
/**
 * Where a cost arises: in the request, in the queue consumer, in the ticks of a line, which depend on time only, or in
 * anything else that runs after the response.
 */
export type Phase = "request" | "consumer" | "ticks" | "background";
export type Counts = Record<`${Phase}.${Unit}`, number>;

/** The methods with which lanes move units. */
const LANE_CALLS: ReadonlySet<string | symbol> = new Set(["exchange", "collected"]);

const counts = new Map<string, number>();
const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
const currentPhase = new AsyncLocalStorage<Phase>();

function count(unit: Unit, amount = 1): void {
  const name = `${currentPhase.getStore() ?? "background"}.${unit}`;
  counts.set(name, (counts.get(name) ?? 0) + amount);
}

const originalFetch = globalThis.fetch;
globalThis.fetch = (input, init) => {
  // Apart from Redis, only the beacon is asked, by GET.
  if (init?.body === undefined) return originalFetch(input, init);
  const body = JSON.parse(String(init?.body));
  count("roundTrips");
  count("commands", Array.isArray(body[0]) ? body.length : 1);
  return originalFetch(input, init);
};

/** Wraps `target` so that a hook runs before the method of the same name. */
function withHooks<T extends object>(
  target: T,
  hooks: Record<string, (argument: never) => void>,
): T {
  return new Proxy(target, {
    get(_, name) {
      const value = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      return (...args: [never]) => {
        hooks[String(name)]?.(args[0]);
        return Reflect.apply(value, target, args);
      };
    },
  });
}

/** Wraps the bindings of objects and queues so that their calls are counted. */
function instrument(env: Env): Env {
  const sent = (amount: number) => {
    count("messages", amount);
    count("queueOperations", amount);
  };
  const messages = {
    send: () => sent(1),
    sendBatch: (batch: unknown[]) => sent(batch.length),
  };
  const bindings = Object.entries(env).map(([name, binding]) => {
    // Compares types, because a service binding has a method of every name.
    switch (Object(binding).constructor.name) {
      case "DurableObjectNamespace":
        // The sandbox bank simulates a payment provider, which costs no object calls in production.
        return [name, name === "SANDBOX_BANK" ? binding : countCalls(binding)];
      case "WorkerQueue":
        return [name, withHooks(binding, messages)];
      default:
        return [name, binding];
    }
  });
  return Object.fromEntries(bindings);
}

/** Counts every call to an object of the namespace. */
function countCalls(namespace: DurableObjectNamespace): DurableObjectNamespace {
  const everyMethod = new Proxy(
    {},
    {
      get: (_, name) => () => {
        count("objectCalls");
        if (LANE_CALLS.has(name)) count("laneCalls");
      },
    },
  );
  return new Proxy(namespace, {
    get(_, name) {
      const method = Reflect.get(namespace, name).bind(namespace);
      return name === "getByName" || name === "get"
        ? (id: never) => withHooks(method(id), everyMethod)
        : method;
    },
  });
}

/** Counts what the object writes. SQLite's cursors report the rows. */
function instrumentStorage<T extends DurableObjectState>(ctx: T): T {
  const { storage } = ctx;
  const exec = storage.sql.exec.bind(storage.sql);
  const setAlarm = storage.setAlarm.bind(storage);
  storage.sql.exec = ((query: string, ...bindings: unknown[]) => {
    const cursor = exec(query, ...bindings);
    cursors.push(cursor);
    return cursor;
  }) as typeof exec;
  storage.setAlarm = (time) => {
    count("alarms");
    return setAlarm(time);
  };
  return ctx;
}

// The objects of an order's way, so that what they write and whom they call is counted as well.

export class SkuInventory extends Inventory {
  constructor(ctx: DurableObjectState, env: Env) {
    super(instrumentStorage(ctx), instrument(env));
  }
}

export class PaymentScheduler extends Scheduler {
  constructor(ctx: DurableObjectState, env: Env) {
    super(instrumentStorage(ctx), instrument(env));
  }
}

/** The object of a line, whose ticks are counted apart. */
export class SaleLine extends Line {
  override alarm(): Promise<void> {
    return currentPhase.run("ticks", () => super.alarm());
  }
}

export class PaymentRunner extends Runner {
  constructor(ctx: DurableObjectState, env: Env) {
    super(instrumentStorage(ctx), instrument(env));
  }
}

/** The batch, with its deliveries counted, and its acknowledgments when they are made. */
function countDeliveries(batch: MessageBatch): MessageBatch {
  count("queueOperations", batch.messages.length);
  if (/-(orders|payments)$/.test(batch.queue)) {
    count("batches");
    count("batchMessages", batch.messages.length);
  }
  const messages = batch.messages.map((message) =>
    withHooks(message, { ack: () => count("queueOperations") }),
  );
  return new Proxy(batch, {
    get: (_, name) => (name === "messages" ? messages : Reflect.get(batch, name)),
  });
}

/** Responds with all counts and resets them. */
function takeCounts(): Response {
  const rows = cursors.splice(0).reduce((sum, { rowsWritten }) => sum + rowsWritten, 0);
  counts.set("background.rowsWritten", rows);
  const taken = Object.fromEntries(counts);
  counts.clear();
  return Response.json(taken);
}

export default {
  fetch(request, env, ctx) {
    const { pathname } = new URL(request.url);
    if (pathname === "/bench/counts") return takeCounts();
    // The benchmark polls the operator API between requests. Those calls are not part of any row's cost.
    return pathname.startsWith("/api/admin/")
      ? worker.fetch(request, env, ctx)
      : currentPhase.run("request", () => worker.fetch(request, instrument(env), ctx));
  },
  queue: (batch, env) =>
    currentPhase.run("consumer", () => worker.queue(countDeliveries(batch), instrument(env))),
} satisfies ExportedHandler<Env>;
