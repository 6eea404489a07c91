// Describes the machine and the commit of a rehearsal: timings from one machine say little about another.
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import os from "node:os";
import { promisify } from "node:util";

export interface Machine {
  cpus: number;
  cpu: string;
  memoryBytes: number;
  os: string;
  node: string;
  /** Version; absent if the instance was not started by the rehearsal. */
  workerd?: string;
}

/** Describes this machine. `runsWorker`: whether the instance runs on the installed workerd. */
export function describeMachine(runsWorker: boolean): Machine {
  const { version } = createRequire(import.meta.url)("workerd/package.json") as { version: string };
  return {
    cpus: os.availableParallelism(),
    cpu: os.cpus()[0]?.model ?? "unknown",
    memoryBytes: os.totalmem(),
    os: `${os.type()} ${os.release()} ${os.arch()}`,
    node: process.version,
    ...(runsWorker && { workerd: version }),
  };
}

/** The commit of this working copy, with "-dirty" if it has uncommitted changes; undefined without git. */
export async function currentCommit(): Promise<string | undefined> {
  const args = ["describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"];
  try {
    const { stdout } = await promisify(execFile)("git", args, { cwd: import.meta.dirname });
    return stdout.trim();
  } catch {
    return undefined;
  }
}
