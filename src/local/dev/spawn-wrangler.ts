// Starts the process that runs the Worker, passes its output to the log, detects its death, and stops every process
// that it started.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { DevError } from "./error.ts";
import type { DevLog } from "./log.ts";
import { PROJECT } from "./settings.ts";
import type { StartMessage, WorkerEvent } from "./wrangler-child.ts";

export interface DevWorker {
  /** The URL it listens on. Requests wait until the first build is done. */
  url: Promise<string>;
  /** Rejects with the reason when the process exits without `stop`. */
  died: Promise<never>;
  stop(): Promise<void>;
}

const STOP_LIMIT_MS = 6_000;
const SWEEP_LIMIT_MS = 1_000;
const SWEEP_PAUSE_MS = 20;
const RESTART_LIMIT_MS = 10_000;
const CRASH_MESSAGE = "crashed unexpectedly";

/** Turns off telemetry, log files, network access at startup, and the list of bindings. */
const QUIET_WRANGLER = {
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_WRITE_LOGS: "false",
  WRANGLER_LOG: "info",
};

/** Starts the Worker process. Its output goes to `log`. */
export function startDevWorker({ log, ...settings }: StartMessage & { log: DevLog }): DevWorker {
  const child = spawn(process.execPath, [join(import.meta.dirname, "wrangler-child.ts")], {
    cwd: PROJECT,
    env: { ...QUIET_WRANGLER, ...process.env },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    // A separate process group, so that Ctrl-C reaches it only through our `stop`.
    detached: true,
  });
  const exited = once(child, "exit");
  const listening = Promise.withResolvers<string>();
  const crashed = Promise.withResolvers<void>();
  let builds = 0;
  child.on("message", (event: WorkerEvent) => {
    if (event.type === "log") log.workerLog(event.level, event.message);
    else if (event.type === "listening") listening.resolve(event.url);
    else if (builds++ > 0) log.print("worker", "Reloaded");
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on("line", (line) => {
      log.wranglerLine(line);
      if (line.includes(CRASH_MESSAGE)) crashed.resolve();
    });
  }
  child.send(settings satisfies StartMessage);
  const died = Promise.race([
    exited.then(([code, signal]) => `The Worker process exited with ${signal ?? `code ${code}`}`),
    crashed.promise.then(() => listening.promise).then(restartFailed),
  ]).then((reason): never => {
    throw new DevError(`${reason}. See the log above.`);
  });
  died.catch(() => {}); // no unhandled rejection while nothing awaits it
  const stop = async () => {
    child.kill("SIGTERM");
    await Promise.race([exited, pause(STOP_LIMIT_MS, undefined, { ref: false })]);
    await endGroup(child.pid);
  };
  return { url: listening.promise, died, stop };
}

/**
 * Wrangler restarts a crashed runtime, but sometimes the new one does not respond. Resolves with the reason in that
 * case, otherwise never.
 */
async function restartFailed(url: string): Promise<string> {
  const deadline = AbortSignal.timeout(RESTART_LIMIT_MS);
  const response = await fetch(`${url}/healthz`, { signal: deadline }).catch(() => undefined);
  if (response === undefined) return "The Workers runtime crashed and no longer responds";
  return new Promise(() => {});
}

/** Kills the rest of the process group, such as the runtime and the bundler, until no process is left. */
async function endGroup(leader: number | undefined): Promise<void> {
  const deadline = Date.now() + SWEEP_LIMIT_MS;
  try {
    while (leader !== undefined && Date.now() < deadline) {
      process.kill(-leader, "SIGKILL");
      await pause(SWEEP_PAUSE_MS);
    }
  } catch {
    // No process is left in the group.
  }
}
