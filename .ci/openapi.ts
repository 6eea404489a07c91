// Writes the OpenAPI document to a file, for the linter and other tools. Fails if it breaks clients of the last release, unless
// the changelog has a section "Breaking" for the next one. With --release it becomes the document of the last release.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { breakingChanges, isAnnounced } from "../src/openapi/breaking-changes.ts";
import { openApiDocument } from "../src/openapi/document.ts";

const ROOT = join(import.meta.dirname, "..");
const RELEASED = join(ROOT, ".github/openapi.json");
const CHANGELOG = join(ROOT, ".github/CHANGELOG.md");
const WRITTEN = join(ROOT, ".wrangler/openapi.json");

const current = openApiDocument();
const text = `${JSON.stringify(current, null, 1)}\n`;
mkdirSync(dirname(WRITTEN), { recursive: true });
writeFileSync(WRITTEN, text);

if (process.argv.includes("--release")) {
  writeFileSync(RELEASED, text);
} else {
  const breaks = breakingChanges(JSON.parse(readFileSync(RELEASED, "utf8")), current);
  for (const each of breaks) console.log(`Breaking: ${each}`);
  if (breaks.length > 0 && !isAnnounced(readFileSync(CHANGELOG, "utf8"))) {
    console.error(
      'The API breaks clients. Undo that, or add a section "### Breaking" to the changelog.',
    );
    process.exitCode = 1;
  }
}
