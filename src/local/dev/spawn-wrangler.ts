// Starts the process that runs the Worker, tells its lines to the log, notices when it dies and takes
// everything it started down with it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { DevError } from "./error.ts";
import type { DevLog } from "./log.ts";
import { PROJECT } from "./settings.ts";
import type { WorkerNews, WorkerOrder } from "./wrangler-child.ts";

export interface DevWorker {
  /** Where it listens; requests wait there until the first build is done. */
  url: Promise<string>;
  /** Rejects, with the reason, when it has ended without being told to. */
  died: Promise<never>;
  stop(): Promise<void>;
}

const STOP_LIMIT_MS = 6_000;
const SWEEP_LIMIT_MS = 1_000;
const SWEEP_PAUSE_MS = 20;
const REVIVAL_LIMIT_MS = 10_000;
const CRASH = "crashed unexpectedly";

/** No telemetry, no log files, nothing fetched from the network at the start, no list of bindings. */
const QUIET_WRANGLER = {
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_WRITE_LOGS: "false",
  WRANGLER_LOG: "info",
};

export function startDevWorker({ log, ...order }: WorkerOrder & { log: DevLog }): DevWorker {
  const child = spawn(process.execPath, [join(import.meta.dirname, "wrangler-child.ts")], {
    cwd: PROJECT,
    env: { ...QUIET_WRANGLER, ...process.env },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    // A group of its own: Ctrl-C must not reach it before we have told it to stop.
    detached: true,
  });
  const exited = once(child, "exit");
  const listening = Promise.withResolvers<string>();
  const crashed = Promise.withResolvers<void>();
  let builds = 0;
  child.on("message", (news: WorkerNews) => {
    if (news.type === "log") log.workerLog(news.level, news.message);
    else if (news.type === "listening") listening.resolve(news.url);
    else if (builds++ > 0) log.say("worker", "Reloaded");
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on("line", (line) => {
      log.wranglerLine(line);
      if (line.includes(CRASH)) crashed.resolve();
    });
  }
  child.send(order);
  const died = Promise.race([
    exited.then(([code, signal]) => `The Worker's process ended with ${signal ?? `code ${code}`}`),
    crashed.promise.then(() => listening.promise).then(revivalFailed),
  ]).then((reason): never => {
    throw new DevError(`${reason}; see above.`);
  });
  died.catch(() => {}); // also when nobody waits for it yet
  const stop = async () => {
    child.kill("SIGTERM");
    await Promise.race([exited, pause(STOP_LIMIT_MS, undefined, { ref: false })]);
    await endGroup(child.pid);
  };
  return { url: listening.promise, died, stop };
}

/** Wrangler starts a crashed runtime again, but not always so that it answers. */
async function revivalFailed(url: string): Promise<string> {
  const deadline = AbortSignal.timeout(REVIVAL_LIMIT_MS);
  const answer = await fetch(`${url}/healthz`, { signal: deadline }).catch(() => undefined);
  if (answer === undefined) return "The Workers runtime crashed and does not answer any more";
  return new Promise(() => {}); // it came back
}

/** Ends whatever the process left behind, runtime and bundler are in its group, and sees it gone. */
async function endGroup(leader: number | undefined): Promise<void> {
  const deadline = Date.now() + SWEEP_LIMIT_MS;
  try {
    while (leader !== undefined && Date.now() < deadline) {
      process.kill(-leader, "SIGKILL");
      await pause(SWEEP_PAUSE_MS);
    }
  } catch {
    // Nobody is left.
  }
}
