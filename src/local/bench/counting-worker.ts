// The Worker with a counter at every binding: what one request costs in Redis trips, object calls, rows
// and messages is counted from outside, in a run of its own, and never timed.
import { AsyncLocalStorage } from "node:async_hooks";
import worker, { SkuInventory as Inventory } from "../../index.ts";

export * from "../../index.ts";

/** What is counted. */
export type Cost =
  | "roundTrips"
  | "commands"
  | "objectCalls"
  | "rowsWritten"
  | "alarms"
  | "messages"
  | "batches";
/** Who caused it: the request itself, the consumer, or what else happens behind. */
export type Where = "request" | "consumer" | "behind";
export type Counts = Record<`${Where}.${Cost}`, number>;

const counts = new Map<string, number>();
const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
const where = new AsyncLocalStorage<Where>();

function count(cost: Cost, times = 1): void {
  const name = `${where.getStore() ?? "behind"}.${cost}`;
  counts.set(name, (counts.get(name) ?? 0) + times);
}

const plainFetch = globalThis.fetch;
globalThis.fetch = (input, init) => {
  // The Worker's only outbound calls here go to Redis.
  const body = JSON.parse(String(init?.body));
  count("roundTrips");
  count("commands", Array.isArray(body[0]) ? body.length : 1);
  return plainFetch(input, init);
};

/** `target` with `hooks` run before the methods they are named after. */
function hooked<T extends object>(target: T, hooks: Record<string, (argument: never) => void>): T {
  return new Proxy(target, {
    get(_, name) {
      const value = Reflect.get(target, name);
      if (typeof value !== "function") {
        return value;
      }
      return (...args: [never]) => {
        hooks[String(name)]?.(args[0]);
        return Reflect.apply(value, target, args);
      };
    },
  });
}

/** The same bindings, with a counter before every object and queue among them. */
function counted(env: Env): Env {
  const everyCall = new Proxy({}, { get: () => () => count("objectCalls") });
  const objects = (namespace: DurableObjectNamespace) =>
    new Proxy(namespace, {
      get(_, name) {
        const stubOf = Reflect.get(namespace, name).bind(namespace);
        return name === "getByName" || name === "get"
          ? (id: never) => hooked(stubOf(id), everyCall)
          : stubOf;
      },
    });
  const messages = {
    send: () => count("messages"),
    sendBatch: (batch: unknown[]) => count("messages", batch.length),
  };
  const bindings = Object.entries(env).map(([name, binding]) => {
    // By type, not by method: a service binding claims to have every method there is.
    switch (Object(binding).constructor.name) {
      case "DurableObjectNamespace":
        // The sandbox's bank stands for a payment provider, which is no object of ours.
        return [name, name === "SANDBOX_BANK" ? binding : objects(binding)];
      case "WorkerQueue":
        return [name, hooked(binding, messages)];
      default:
        return [name, binding];
    }
  });
  return Object.fromEntries(bindings);
}

/** The same object, its storage watched. Rows are read off the cursors, where SQLite itself counts. */
export class SkuInventory extends Inventory {
  constructor(ctx: DurableObjectState, env: Env) {
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
    super(ctx, counted(env));
  }
}

function takeCounts(): Response {
  const rows = cursors.splice(0).reduce((sum, { rowsWritten }) => sum + rowsWritten, 0);
  counts.set("behind.rowsWritten", rows);
  const taken = Object.fromEntries(counts);
  counts.clear();
  return Response.json(taken);
}

export default {
  fetch(request, env, ctx) {
    const { pathname } = new URL(request.url);
    if (pathname === "/bench/counts") {
      return takeCounts();
    }
    // The bench itself asks the operator's API whether all is settled; that is nobody's cost.
    return pathname.startsWith("/api/admin/")
      ? worker.fetch(request, env, ctx)
      : where.run("request", () => worker.fetch(request, counted(env), ctx));
  },
  queue: (batch, env) =>
    where.run("consumer", () => {
      if (batch.queue.endsWith("-orders")) count("batches");
      return worker.queue(batch, counted(env));
    }),
} satisfies ExportedHandler<Env>;
