// Starts `miniflare-child.ts` as a process group, so that a journey can kill Miniflare and workerd in one
// blow, the way a machine dies, and start them again on the same state.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { buildWorker, type LocalWorker, type WorkerSettings } from "./miniflare.ts";

/** A Worker that runs in its own process group. */
export interface WorkerProcess extends LocalWorker {
  /** SIGKILL to every process of the group: nothing gets to finish, flush or say goodbye. */
  kill(): Promise<void>;
}

/** Starts the Worker in a process of its own and waits until it listens. */
export async function startWorkerProcess(
  settings: Omit<WorkerSettings, "onLog">,
): Promise<WorkerProcess> {
  const script = settings.script ?? (await buildWorker());
  const entry = join(import.meta.dirname, "miniflare-child.ts");
  const child = spawn(process.execPath, [entry, JSON.stringify({ ...settings, script })], {
    detached: true,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const pid = child.pid;
  if (pid === undefined) {
    throw new Error("The Worker process could not be started.");
  }
  const end = async (signal: NodeJS.Signals, target: number) => {
    if (child.exitCode === null && child.signalCode === null) {
      process.kill(target, signal);
      await exited;
    }
  };
  const url = await firstUrl(child.stdout, exited);
  return { url, stop: () => end("SIGTERM", pid), kill: () => end("SIGKILL", -pid) };
}

async function firstUrl(stdout: NodeJS.ReadableStream, exited: Promise<unknown>): Promise<string> {
  const lines = createInterface({ input: stdout });
  const first = await Promise.race([once(lines, "line"), exited.then(() => undefined)]);
  if (first === undefined) {
    throw new Error("The Worker process ended before it listened.");
  }
  return (JSON.parse(String(first[0])) as { url: string }).url;
}
