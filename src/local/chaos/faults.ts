// The faults of a game day. Each breaks one part of the world and repairs it again.
import { setTimeout as pause } from "node:timers/promises";
import type { Substitute } from "./wire.ts";
import type { World } from "./world.ts";

export interface Fault {
  name: string;
  title: string;
  begin(world: World): unknown;
  end(world: World): unknown;
  /** Requests may get no answer while it lasts. */
  killsWorker?: true;
  /** When it ends, as many people come at once as otherwise come in ten seconds. */
  endsWithHerd?: true;
}

const SLOW_MS = 400;
/** Between two kills of the Worker. */
const KILL_PAUSE_MS = 4_000;

export const FAULTS: readonly Fault[] = [
  { name: "none", title: "Nothing fails", begin: () => {}, end: () => {} },
  {
    name: "redis-stopped",
    title: "Redis is stopped",
    begin: (world) => world.stopRedis(),
    end: (world) => world.startRedis(),
  },
  {
    name: "redis-frozen",
    title: "Redis accepts connections and answers nothing",
    begin: (world) => world.freezeRedis(),
    end: (world) => world.thawRedis(),
  },
  {
    name: "redis-slow",
    title: `Redis answers ${SLOW_MS} ms later`,
    begin: ({ wires }) => wires.redis.disturb({ kind: "slow", ms: SLOW_MS }),
    end: ({ wires }) => wires.redis.disturb(undefined),
  },
  {
    name: "redis-erroring",
    title: "Redis answers every request with an error",
    begin: ({ wires }) =>
      wires.redis.disturb({
        kind: "substitute",
        answer: () => ({ status: 500, body: { error: "ERR internal error" } }),
      }),
    end: ({ wires }) => wires.redis.disturb(undefined),
  },
  {
    name: "redis-read-only",
    title: "Redis has become a replica and refuses writes",
    begin: (world) => world.redisCommand("REPLICAOF", "127.0.0.1", 9),
    end: (world) => world.redisCommand("REPLICAOF", "NO", "ONE"),
  },
  {
    name: "redis-out-of-memory",
    title: "Redis is out of memory",
    begin: (world) => world.redisCommand("CONFIG", "SET", "maxmemory", 1),
    end: (world) => world.redisCommand("CONFIG", "SET", "maxmemory", 0),
  },
  {
    name: "redis-disk-full",
    title: "Redis cannot write to its disk",
    begin: ({ wires }) => wires.redis.disturb({ kind: "substitute", answer: diskFull }),
    end: ({ wires }) => wires.redis.disturb(undefined),
  },
  {
    name: "redis-emptied",
    title: "Redis loses all its data",
    begin: (world) => world.redisCommand("FLUSHALL"),
    end: (world) => world.everyMinute(),
  },
  {
    name: "redis-answers-cut",
    title: "Connections to Redis break in the middle of the answers",
    begin: ({ wires }) => wires.redis.disturb({ kind: "cut" }),
    end: ({ wires }) => wires.redis.disturb(undefined),
  },
  {
    name: "herd",
    title: "Redis is stopped, and a herd comes when it is back",
    begin: (world) => world.stopRedis(),
    end: (world) => world.startRedis(),
    endsWithHerd: true,
  },
  killed(),
  {
    name: "consumer-throws",
    title: "The consumers of the queues fail",
    begin: (world) => world.queues("throws"),
    end: (world) => world.queues("none"),
  },
  {
    name: "messages-dropped",
    title: "The queues drop every message",
    begin: (world) => world.queues("drops"),
    end: (world) => world.queues("none"),
  },
  {
    name: "messages-repeated",
    title: "The queues deliver every message twice",
    begin: (world) => world.queues("repeats"),
    end: (world) => world.queues("none"),
  },
  {
    name: "messages-late",
    title: "The queues deliver every message five seconds late",
    begin: (world) => world.queues("delays"),
    end: (world) => world.queues("none"),
  },
  {
    name: "bank-hangs",
    title: "The payment provider answers nothing",
    begin: ({ wires }) => wires.bank.disturb({ kind: "hang" }),
    end: ({ wires }) => wires.bank.disturb(undefined),
  },
  {
    name: "bank-limits",
    title: "The payment provider refuses all requests as too many",
    begin: ({ wires }) => wires.bank.disturb({ kind: "substitute", answer: tooMany }),
    end: ({ wires }) => wires.bank.disturb(undefined),
  },
  {
    name: "shop-down",
    title: "The shop's receiver of webhooks is down",
    begin: ({ wires }) => wires.shop.disturb({ kind: "refuse" }),
    end: ({ wires }) => wires.shop.disturb(undefined),
  },
];

/** The Worker and its objects are killed again and again. */
function killed(): Fault {
  let ended = new AbortController();
  let killing = Promise.resolve();
  return {
    name: "worker-killed",
    title: "The Worker and its objects are killed again and again",
    killsWorker: true,
    begin(world) {
      ended = new AbortController();
      killing = killUntil(world, ended.signal);
    },
    async end() {
      ended.abort();
      await killing;
    },
  };
}

async function killUntil(world: World, ended: AbortSignal): Promise<void> {
  while (!ended.aborted) {
    await world.killWorker();
    await pause(KILL_PAUSE_MS, undefined, { signal: ended }).catch(() => {});
  }
}

/** Commands that a full disk does not hinder. */
const READS =
  /^(?:get|getrange|mget|exists|ttl|hget|hmget|hgetall|hlen|hscan|scan|smembers|sismember|zrange|zcard|zscore|ping|time)$/i;
const DISK_FULL = {
  error: "MISCONF Errors writing to the AOF file: No space left on device",
};

/** What Redis answers to writes if its append-only file cannot grow. */
function diskFull(body: string): Substitute | undefined {
  const commands = JSON.parse(body) as string[] | string[][];
  const isPipeline = Array.isArray(commands[0]);
  const names = (isPipeline ? commands : [commands]).map((command) => String(command[0]));
  if (names.every((name) => READS.test(name))) return undefined;
  return isPipeline
    ? { status: 200, body: names.map(() => DISK_FULL) }
    : { status: 400, body: DISK_FULL };
}

const tooMany = (): Substitute => ({
  status: 429,
  body: {
    error: { type: "invalid_request_error", code: "rate_limit", message: "Too many requests" },
  },
});
