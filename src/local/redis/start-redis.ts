// Starts a real Redis for local development and tests, on a free loopback port, with its data in a
// folder; it ends with the process that started it, however that one ends.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { createServer } from "node:net";
import { findRedis, type RedisProgram } from "./find-redis.ts";

export interface LocalRedis {
  url: string;
  /** Ends Redis after it wrote everything to disk. */
  stop(): Promise<void>;
  /** Resolves with a description when Redis has ended, be it by `stop` or by itself. */
  exited: Promise<string>;
}

export interface RedisOptions {
  /** Where Redis keeps its data. */
  dataDir: string;
  /** Default: a free one. */
  port?: number;
  log?: (line: string) => void;
}

/** Uses the Redis that `REDIS_URL` names, or starts one. */
export async function provideRedis(options: RedisOptions): Promise<LocalRedis> {
  const url = process.env.REDIS_URL;
  if (!url) return startRedis(options);
  return { url, stop: async () => {}, exited: new Promise(() => {}) };
}

/** Starts a Redis of our own; resolves when it has loaded its data and answers. */
export async function startRedis({
  dataDir,
  port,
  log = () => {},
}: RedisOptions): Promise<LocalRedis> {
  const program = await findRedis(log);
  await mkdir(dataDir, { recursive: true });
  if (port !== undefined) return launch(program, dataDir, port);
  for (;;) {
    try {
      return await launch(program, dataDir, await freePort());
    } catch (error) {
      // Somebody took the port between our look and Redis's bind.
      if (!(error instanceof Error && /address already in use/i.test(error.message))) throw error;
    }
  }
}

// Replaced by Redis itself through exec, so that the child we spawned is Redis. Beforehand:
// - a watcher waits on a pipe that closes when our process ends, even by SIGKILL, and ends Redis;
// - where flock exists, Redis is given a lock that lives exactly as long as it does, so that two of
//   them never write one append-only file, and a restart waits until its predecessor is gone.
const LAUNCHER = `
exec 3<&0 </dev/null
(read -r _ <&3; kill -TERM $$) >/dev/null 2>&1 &
command -v flock >/dev/null && set -- flock --no-fork --timeout 5 redis.lock "$@"
exec "$@" 3<&-
`;

async function launch(program: RedisProgram, dataDir: string, port: number): Promise<LocalRedis> {
  const child = spawn("sh", ["-c", LAUNCHER, "sh", program.command, ...settings(port)], {
    cwd: dataDir,
    env: { ...process.env, ...(program.libraryPath && { LD_LIBRARY_PATH: program.libraryPath }) },
    // Ctrl-C in a terminal reaches the whole group: Redis must outlive those who still write to it.
    detached: true,
  });
  const output = collect(child);
  child.once("exit", () => child.stdin?.destroy()); // dismisses the watcher
  const exited = once(child, "close").then(([code, signal]) => {
    return `Redis ended with ${signal ?? `code ${code}`}: ${output.tail() || "data folder in use"}`;
  });
  const failure = await Promise.race([output.ready, exited]);
  if (failure) throw new Error(`Redis did not start in ${dataDir}: ${failure}`);
  return {
    url: `redis://127.0.0.1:${port}`,
    exited,
    async stop() {
      child.kill("SIGTERM");
      await exited;
    },
  };
}

/** As arguments, so that no file of the user's or the system's has a say. */
function settings(port: number): string[] {
  return [
    ...["--bind", "127.0.0.1", "--port", String(port)],
    // The append-only file is all that persists, and it is never synced: what Redis has written, the
    // kernel keeps when Redis is killed; only a crash of the whole machine could cost half a minute.
    // `everysec` is no safer here: while a sync takes long, Redis answers before it has written.
    ...["--appendonly", "yes", "--appendfsync", "no", "--save", ""],
  ];
}

function collect(child: ChildProcess): { ready: Promise<void>; tail(): string } {
  let text = "";
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (chunk: string) => {
      text = (text + chunk).slice(-2000);
      if (text.includes("Ready to accept connections")) resolve();
    });
  }
  return { ready, tail: () => text.trim().split("\n").slice(-3).join("\n") };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("No TCP port to be had");
  return address.port;
}
