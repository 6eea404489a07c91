// Bundles the client for shops into one file without dependencies: dist/client.js. Its declarations are made by tsc.
import { randomUUID } from "node:crypto";
import { mkdir, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { build } from "esbuild";

const ROOT = join(import.meta.dirname, "..");
const TARGET = join(ROOT, "dist/client.js");
/** Several builds may run at once, and others read the file meanwhile. */
const DRAFT = join(ROOT, ".wrangler", `client-${randomUUID()}.js`);

await build({
  entryPoints: [join(ROOT, "src/client/index.ts")],
  outfile: DRAFT,
  bundle: true,
  format: "esm",
  target: ["safari15", "chrome94", "firefox93"],
  charset: "utf8",
});
await mkdir(dirname(TARGET), { recursive: true });
await rename(DRAFT, TARGET);
