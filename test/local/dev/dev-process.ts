// Runs `npm run dev` as a child process, as a terminal does, and lists its descendants.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { devNull } from "node:os";
import { resolve } from "node:path";

const PROJECT = resolve(import.meta.dirname, "../../..");
const READY = /^Ready on (http:\/\/localhost:\d+)$/m;

export interface DevProcess {
  /** The output up to now, stdout and stderr together. */
  output(): string;
  /** Resolves with the URL in the ready line. Rejects if the process exits first. */
  ready: Promise<string>;
  /** Resolves with the exit code after the process has exited and its output is complete. */
  exited: Promise<number | null>;
  /** Its own id, then the ids of its live descendants. */
  processes(): Promise<number[]>;
  /** Sends SIGINT to the whole process group, as Ctrl-C in a terminal does. Returns the exit code. */
  interrupt(): Promise<number | null>;
  kill(signal: NodeJS.Signals): void;
}

/** Starts `npm run dev`, or another script that ends with its ready line. `env` is added to the environment; `input` is its stdin. */
export function startDev(
  env: Record<string, string>,
  script = "dev",
  { args = [], input = "" }: { args?: string[]; input?: string } = {},
): DevProcess {
  const child = spawn("npm", ["run", "--silent", script, "--", ...args], {
    cwd: PROJECT,
    // The developer's .dev.vars and Redis must not affect the test.
    env: { ...process.env, DEV_VARS: devNull, REDIS_URL: "", NODE_ENV: "", ...env },
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  child.stdin.end(input);
  const pid = child.pid as number;
  let text = "";
  const ready = Promise.withResolvers<string>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      const url = READY.exec(text)?.[1];
      if (url !== undefined) ready.resolve(url);
    });
  }
  const exited = once(child, "close").then(([code]) => {
    ready.reject(new Error(`npm run ${script} exited before it was ready:\n${text}`));
    return code as number | null;
  });
  ready.promise.catch(() => {}); // some tests do not wait for it
  return {
    output: () => text,
    ready: ready.promise,
    exited,
    processes: async () => [pid, ...(await descendants(pid))],
    interrupt: () => {
      process.kill(-pid, "SIGINT");
      return exited;
    },
    kill: (signal) => process.kill(pid, signal),
  };
}

/** Returns the ids of the processes that are alive. Zombies do not count. */
export async function alive(pids: number[]): Promise<number[]> {
  const stats = await Promise.all(pids.map(readStat));
  return pids.filter((_, i) => stats[i] !== undefined && stats[i]?.state !== "Z");
}

async function descendants(root: number): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const children = new Map<number, number[]>();
  for (const pid of pids) {
    const parent = (await readStat(pid))?.parent;
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const below = (pid: number): number[] =>
    (children.get(pid) ?? []).flatMap((child) => [child, ...below(child)]);
  return below(root);
}

async function readStat(pid: number): Promise<{ state: string; parent: number } | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  // The second field, the name, is in parentheses and may contain any character.
  const [state, parent] = text?.slice(text.lastIndexOf(")") + 2).split(" ") ?? [];
  return state === undefined ? undefined : { state, parent: Number(parent) };
}
