// Temporary directories for builds and for the state of one run.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Creates an empty directory in `parent` and removes it when the process exits. */
export function makeTempDir(purpose: string, parent = tmpdir()): string {
  const directory = mkdtempSync(join(parent, `doorbuster-${purpose}-`));
  process.once("exit", () => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }));
  return directory;
}
