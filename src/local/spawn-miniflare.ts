// Starts `miniflare-child.ts` as a process group, so that a journey test can kill Miniflare and workerd together,
// as a machine crash would, and restart them on the same state.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { buildWorker, type LocalWorker, printWarnings, type WorkerSettings } from "./miniflare.ts";
import type { ChildLine } from "./miniflare-child.ts";

/** A Worker in its own process group. */
export interface WorkerProcess extends LocalWorker {
  /** Sends SIGKILL to every process in the group, so that none can finish or flush. */
  kill(): Promise<void>;
}

/** Starts the Worker in a separate process and waits until it is listening. `onLog` gets warnings and errors. */
export async function startWorkerProcess({
  onLog = printWarnings,
  ...settings
}: WorkerSettings): Promise<WorkerProcess> {
  const script = settings.script ?? (await buildWorker(settings.source));
  const entry = join(import.meta.dirname, "miniflare-child.ts");
  const child = spawn(process.execPath, [entry, JSON.stringify({ ...settings, script })], {
    detached: true,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const pid = child.pid;
  if (pid === undefined) {
    throw new Error("The Worker process did not start.");
  }
  const end = async (signal: NodeJS.Signals, target: number) => {
    if (child.exitCode === null && child.signalCode === null) {
      process.kill(target, signal);
      await exited;
    }
  };
  const url = await readLines(child.stdout, exited, onLog);
  return { url, stop: () => end("SIGTERM", pid), kill: () => end("SIGKILL", -pid) };
}

/** Passes the log on. Returns the URL once the Worker is listening. */
async function readLines(
  stdout: NodeJS.ReadableStream,
  exited: Promise<unknown>,
  onLog: NonNullable<WorkerSettings["onLog"]>,
): Promise<string> {
  const started = Promise.withResolvers<string>();
  createInterface({ input: stdout }).on("line", (text) => {
    const { url, log } = JSON.parse(text) as ChildLine;
    if (log) onLog(log);
    else started.resolve(url);
  });
  void exited.then(() =>
    started.reject(new Error("The Worker process exited before it was listening.")),
  );
  return started.promise;
}
