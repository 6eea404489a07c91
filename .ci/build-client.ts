// Bundles the client for shops into one file without dependencies: dist/client.js. Its declarations are made by tsc.
import { join } from "node:path";
import { build } from "esbuild";

const ROOT = join(import.meta.dirname, "..");

await build({
  entryPoints: [join(ROOT, "src/client/index.ts")],
  outfile: join(ROOT, "dist/client.js"),
  bundle: true,
  format: "esm",
  target: ["safari15", "chrome94", "firefox93"],
  charset: "utf8",
});
