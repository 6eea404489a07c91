// CPU time and memory of workerd. They depend less on other programs on the machine than requests per second do. Reads
// Linux's /proc.
import { readdirSync, readFileSync } from "node:fs";

/** CPU time in microseconds of all workerd processes that this process started. NaN on other systems than Linux. */
export function workerdCpuMicros(): number {
  try {
    const nanoseconds = workerdPids().flatMap((pid) =>
      readdirSync(`/proc/${pid}/task`).map((thread) =>
        Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]),
      ),
    );
    return nanoseconds.reduce((sum, value) => sum + value, 0) / 1_000;
  } catch {
    return Number.NaN;
  }
}

/** Resident memory in bytes of the same processes. NaN on other systems than Linux. */
export function workerdMemory(): number {
  try {
    const kilobytes = workerdPids().map((pid) =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]),
    );
    return kilobytes.reduce((sum, value) => sum + value, 0) * 1_024;
  } catch {
    return Number.NaN;
  }
}

function workerdPids(): string[] {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      // "pid (name) state parent …"
      const [, name, parent] =
        /\((.*)\) \S+ (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
      return name?.startsWith("workerd") && Number(parent) === process.pid;
    } catch {
      return false; // The process ended in the meantime.
    }
  });
}
