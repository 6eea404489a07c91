// Fails if the Worker exceeds its size budget. Reads the output of `wrangler deploy --dry-run`. A larger upload takes every
// cold isolate longer to parse. If you raise the budget, give the reason in the commit.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";

const BUILT = join(import.meta.dirname, "../.wrangler/build/index.js");
const KIB = 1024;
const BUDGET_KIB = { raw: 1600, gzip: 490, data: 48 };

const code = readFileSync(BUILT);
/** Modules of compressed bytes. No isolate parses them, but each holds them in memory. */
const data = readdirSync(dirname(BUILT)).filter(
  (name) => name.endsWith(".bin") && code.includes(name),
);
const bytes = data.reduce((sum, name) => sum + readFileSync(join(dirname(BUILT), name)).length, 0);
const size = {
  raw: code.length / KIB,
  gzip: gzipSync(code).length / KIB,
  data: bytes / KIB,
};

for (const kind of ["raw", "gzip", "data"] as const) {
  console.log(`Upload, ${kind}: ${size[kind].toFixed(0)} of ${BUDGET_KIB[kind]} KiB`);
  if (size[kind] > BUDGET_KIB[kind]) process.exitCode = 1;
}
if (process.exitCode) console.error("The upload is over its budget (.ci/upload-size.ts).");
