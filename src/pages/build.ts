// Builds the browser code and styles into one module that the Worker imports. Runs on Node and is never bundled:
// wrangler runs it before every build (`[build]` in wrangler.toml), vitest before its tests.
import { createHash } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { build } from "esbuild";

const HERE = import.meta.dirname;
const CONSOLE = join(HERE, "../admin/console/browser");
const TARGET = join(HERE, "assets.gen.js");
const HASH_LENGTH = 10;
/** The oldest supported browsers. Syntax is transpiled for them; APIs are not polyfilled (see browser/tsconfig.json). */
const OLDEST = ["safari15", "chrome94", "firefox93"];

/** Bundles and hashes the assets and writes `assets.gen.js`, unless it would not change. */
export async function buildAssets(): Promise<void> {
  const { outputFiles } = await build({
    entryPoints: [
      ...[
        "main.ts",
        "challenge.ts",
        "payment.ts",
        "line.ts",
        "draw.ts",
        "qr.ts",
        "style.css",
        "icon.svg",
      ].map((name) => join(HERE, "browser", name)),
      ...["console.ts", "console.css", "chart.ts", "chart.css", "editor.ts"].map((name) =>
        join(CONSOLE, name),
      ),
    ],
    outdir: HERE,
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: OLDEST,
    charset: "utf8",
    legalComments: "none",
    loader: { ".svg": "copy" },
    tsconfig: join(HERE, "browser", "tsconfig.json"),
  });
  const assets = outputFiles.map(({ path, text }) => {
    const extension = extname(path);
    const hash = createHash("sha256").update(text).digest("hex").slice(0, HASH_LENGTH);
    return { name: basename(path, extension), extension, hash, body: text };
  });
  await writeIfChanged(
    `// Made by src/pages/build.ts\nexport const ASSETS = ${JSON.stringify(assets)};\n`,
  );
}

/** Several builds may run at once: each writes its own temporary file and renames it into place. */
async function writeIfChanged(text: string): Promise<void> {
  if ((await readFile(TARGET, "utf8").catch(() => "")) === text) return;
  const draft = `${TARGET}.${process.pid}`;
  await writeFile(draft, text);
  await rename(draft, TARGET);
}

/** Vitest's global setup for the tests inside workerd. */
export const setup = buildAssets;

if (import.meta.main) await buildAssets();
