// Starts a real Redis server for local development and tests, on a free loopback port, with its data in a
// directory. Redis stops with the process that started it, even if that process is killed.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { createServer } from "node:net";
import { findRedis, type RedisProgram } from "./find-redis.ts";

export interface LocalRedis {
  url: string;
  /** Stops Redis after it has written everything to disk. */
  stop(): Promise<void>;
  /** Sends a signal to the Redis that `startRedis` started, such as SIGSTOP. */
  signal(signal: NodeJS.Signals): void;
  /** Resolves with a description when Redis has exited, by `stop` or on its own. */
  exited: Promise<string>;
}

export interface RedisOptions {
  /** The directory for Redis's data. Created if needed. */
  dataDir: string;
  /** Default: a free port. */
  port?: number;
  log?: (line: string) => void;
}

/** Returns the Redis at `REDIS_URL` if that is set. Otherwise starts one. */
export async function provideRedis(options: RedisOptions): Promise<LocalRedis> {
  const url = process.env.REDIS_URL;
  if (!url) return startRedis(options);
  return { url, stop: async () => {}, signal: () => {}, exited: new Promise(() => {}) };
}

/**
 * Starts a Redis server. Resolves when it has loaded its data and accepts connections.
 * @throws if the port or the data directory is in use
 */
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
      // Another process took the port between our check and Redis's bind.
      if (!(error instanceof Error && /address already in use/i.test(error.message))) throw error;
    }
  }
}

// The shell replaces itself with Redis through exec, so that the spawned child is Redis. Before that:
// - A watcher reads from a pipe that closes when our process ends, even by SIGKILL. Then it stops Redis.
// - If flock is installed, Redis runs under a lock that ends with it. Two servers cannot write to the same
//   append-only file, and a restart waits until the previous server has exited.
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
    // A separate process group, because Ctrl-C reaches the whole group, and Redis must outlive its clients.
    detached: true,
  });
  const output = watchOutput(child);
  child.once("exit", () => child.stdin?.destroy()); // ends the watcher
  const exited = once(child, "close").then(([code, signal]) => {
    return `Redis exited with ${signal ?? `code ${code}`}: ${output.tail() || "data directory in use"}`;
  });
  const failure = await Promise.race([output.ready, exited]);
  if (failure) throw new Error(`Redis did not start in ${dataDir}: ${failure}`);
  return {
    url: `redis://127.0.0.1:${port}`,
    exited,
    signal: (signal) => child.kill(signal),
    async stop() {
      child.kill("SIGTERM");
      await exited;
    },
  };
}

/** Passed as arguments, so that no configuration file of the user or the system applies. */
function settings(port: number): string[] {
  return [
    ...["--bind", "127.0.0.1", "--port", String(port)],
    // Only the append-only file persists, and Redis never calls fsync. If Redis is killed, the kernel retains what
    // Redis has written. A crash of the whole machine can lose about 30 seconds. `everysec` is not safer here:
    // during a slow fsync, Redis replies before it has written.
    ...["--appendonly", "yes", "--appendfsync", "no", "--save", ""],
  ];
}

/** `tail` returns the last three lines of output. */
function watchOutput(child: ChildProcess): { ready: Promise<void>; tail(): string } {
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
  if (address === null || typeof address === "string") throw new Error("Could not get a TCP port");
  return address.port;
}
