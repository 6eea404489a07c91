// Processor time of workerd. Unlike requests a second it does not mind who else uses the machine. Read
// from Linux; elsewhere there is none.
import { readdirSync, readFileSync } from "node:fs";

/** Microseconds that the workerds started by this process have computed so far; NaN where unknown. */
export function workerdMicroseconds(): number {
  try {
    const nanoseconds = workerds().flatMap((pid) =>
      readdirSync(`/proc/${pid}/task`).map((thread) =>
        Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]),
      ),
    );
    return nanoseconds.reduce((sum, value) => sum + value, 0) / 1_000;
  } catch {
    return Number.NaN;
  }
}

function workerds(): string[] {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) {
      return false;
    }
    try {
      // "pid (name) state parent …"
      const [, name, parent] =
        /\((.*)\) \S+ (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
      return name?.startsWith("workerd") && Number(parent) === process.pid;
    } catch {
      return false; // it ended while we looked
    }
  });
}
