// An instance of `npm run dev` with temporary data, for commands that start one and add to it.
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { makeTempDir } from "../temp-dir.ts";

/** The last line of `npm run dev`. */
export const READY = /^Ready on (?<url>\S+)$/;

/**
 * Starts `npm run dev` with these variables in place of the developer's own. It stops when this process ends, however it does.
 *
 * @param purpose part of the name of its folder
 * @param env added to its environment
 */
export async function startInstance(
  purpose: string,
  vars: Record<string, string>,
  env: Record<string, string> = {},
): Promise<ChildProcessByStdio<null, Readable, null>> {
  const folder = makeTempDir(purpose);
  const file = join(folder, "vars");
  const lines = Object.entries(vars).map(([name, value]) => `${name}="${value}"`);
  await writeFile(file, lines.join("\n"));
  return spawn(process.execPath, [join(import.meta.dirname, "main.ts")], {
    env: { ...process.env, DEV_VARS: file, STATE_DIR: join(folder, "state"), ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
}
