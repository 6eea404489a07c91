// Keeps two `npm run dev` from writing one state folder: a file there holds the id of the process
// that uses it. One left behind by a killed process is recognised and replaced.
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DevError } from "./error.ts";

/**
 * Claims the folder, creating it if need be, and returns what gives it back.
 * @throws DevError when another process has it
 */
export async function lockStateDir(stateDir: string): Promise<() => Promise<void>> {
  await mkdir(stateDir, { recursive: true });
  const file = join(stateDir, "dev.pid");
  // Written elsewhere and linked into place, so that nobody ever reads half a file.
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

/** Whether the process lives and is one of ours: its number may have gone to another program. */
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
    `Another \`npm run dev\` (process ${holder}) is using the state folder ${stateDir}. Stop it, or ` +
    "give this one a folder and a port of its own: STATE_DIR=.wrangler/second PORT=0 npm run dev"
  );
}
