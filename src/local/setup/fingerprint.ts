// What a deployment consists of, as a short hash. Setup tags the deployed version with it, so that a later run knows
// without a build whether anything changed.
import { createHash } from "node:crypto";
import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { WranglerConfig } from "./deployment-files.ts";

/** Hashes the code of the Worker, its dependencies, and its configuration. `root` is the folder of the project. */
export async function fingerprint(root: string, config: WranglerConfig): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify(config));
  const code: string[] = [];
  for await (const file of glob("src/**/*.*", { cwd: root }))
    if (!/^src[\\/]local[\\/]|\.gen\./.test(file)) code.push(file);
  code.sort();
  for (const file of ["package-lock.json", ...code]) {
    hash.update(`\n${file}\n`).update(await readFile(join(root, file)));
  }
  return `setup-${hash.digest("hex").slice(0, 16)}`;
}
