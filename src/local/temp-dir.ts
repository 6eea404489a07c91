// Folders that last as long as the process: builds, and the state of instances started for one run.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A new, empty folder; gone when the process exits, by Ctrl-C too. */
export function makeTempDir(purpose: string): string {
  const folder = mkdtempSync(join(tmpdir(), `doorbuster-${purpose}-`));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}
