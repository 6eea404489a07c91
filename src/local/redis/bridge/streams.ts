// Streams Redis's push messages as server-sent events: messages of channels and patterns, and the output of MONITOR.
// Each stream has a separate Redis connection.
import type { Context } from "hono";
import { streamSSE } from "hono/streaming";
import type { Redis } from "ioredis";
import { BadRequest } from "./command.ts";
import type { BridgeRedis } from "./connection.ts";

type Write = (line: string) => Promise<void>;

const STREAMS: Record<string, (connection: Redis, write: Write, names: string[]) => Promise<void>> =
  { monitor, psubscribe, subscribe };

/** Whether the request is for a stream. Without `Accept: text/event-stream`, the path is a command. */
export function wantsStream(c: Context, [name = ""]: string[]): boolean {
  const accepts = c.req.header("accept")?.includes("text/event-stream") ?? false;
  return accepts && Object.hasOwn(STREAMS, name.toLowerCase());
}

/** Opens the stream in the path. It ends when the client or Redis disconnects. @throws BadRequest */
export async function openStream(
  c: Context,
  redis: BridgeRedis,
  [name = "", ...names]: string[],
): Promise<Response> {
  const start = STREAMS[name.toLowerCase()];
  if (!start || (start === monitor) !== (names.length === 0)) {
    throw new BadRequest(`ERR wrong number of arguments for '${name.toLowerCase()}' command`);
  }
  const connection = await redis.separate({ monitor: start === monitor });
  return streamSSE(c, async (stream) => {
    const ended = new Promise((resolve) => connection.once("end", resolve));
    stream.onAbort(() => connection.disconnect());
    start(connection, (data) => stream.writeSSE({ data }), names).catch(() =>
      connection.disconnect(),
    );
    await ended;
  });
}

function subscribe(connection: Redis, write: Write, channels: string[]): Promise<void> {
  const confirmed = confirm(write, "subscribe", channels, (name) => connection.subscribe(name));
  connection.on("message", (...words: string[]) => {
    confirmed.then(() => write(["message", ...words].join())).catch(() => {});
  });
  return confirmed;
}

function psubscribe(connection: Redis, write: Write, patterns: string[]): Promise<void> {
  const confirmed = confirm(write, "psubscribe", patterns, (name) => connection.psubscribe(name));
  connection.on("pmessage", (...words: string[]) => {
    confirmed.then(() => write(["pmessage", ...words].join())).catch(() => {});
  });
  return confirmed;
}

/** Subscribes to the names in order. Messages wait until all subscriptions are confirmed. */
async function confirm(
  write: Write,
  kind: string,
  names: string[],
  subscribeTo: (name: string) => Promise<unknown>,
): Promise<void> {
  for (const name of names) await write(`${kind},${name},${await subscribeTo(name)}`);
}

async function monitor(connection: Redis, write: Write): Promise<void> {
  connection.on("monitor", (time: string, words: string[], source: string, database: string) => {
    const quoted = words.map((word) => `"${word.replaceAll('"', '\\"')}"`);
    void write(`${time} [${database} ${source}] ${quoted.join(" ")}`);
  });
  // Not Node's `once`, which rejects on an `error` event: ioredis emits one for commands that arrive before it is in
  // monitor mode.
  await new Promise((resolve) => connection.once("monitoring", resolve));
  await write('"OK"');
}
