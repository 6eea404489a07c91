// Prevents two `npm run dev` processes from writing to the same state directory. The lock file contains the id of
// the process that holds it. A stale lock of a process that was killed is replaced.
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DevError } from "./error.ts";

/**
 * Locks the directory and creates it if needed. Returns the function that releases the lock.
 * @throws DevError if another process holds the lock
 */
export async function lockStateDir(stateDir: string): Promise<() => Promise<void>> {
  await mkdir(stateDir, { recursive: true });
  const file = join(stateDir, "dev.pid");
  // Write a draft and link it into place, so that no process reads a partial file.
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, String(process.pid));
  try {
    while (!(await tryLink(draft, file))) {
      const holder = Number(await readFile(file, "utf8").catch(() => ""));
      if (await isDev(holder)) throw new DevError(inUse(stateDir, holder));
      await rm(file, { force: true });
    }
  } finally {
    await rm(draft, { force: true });
  }
  return () => rm(file, { force: true });
}

async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Whether the process is a running `npm run dev`. The system may have reused the id for another program. */
async function isDev(pid: number): Promise<boolean> {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  if (process.platform !== "linux") return true;
  const commandLine = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return commandLine.includes("dev/main.ts");
}

function inUse(stateDir: string, holder: number): string {
  return (
    `Another \`npm run dev\` (process ${holder}) is using the state directory ${stateDir}. Stop it, or ` +
    "use another directory and port: STATE_DIR=.wrangler/second PORT=0 npm run dev"
  );
}
