// Builds the browser code and styles into one module the Worker imports. Runs on Node, never bundled:
// wrangler starts it before every build (`[build]` in wrangler.toml), vitest before its tests.
import { createHash } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { build } from "esbuild";

const HERE = import.meta.dirname;
const TARGET = join(HERE, "assets.gen.js");
const HASH_LENGTH = 10;
/** Syntax is made to fit these. Nothing makes up for a missing API: `lib` in browser/tsconfig.json says which. */
const OLDEST = ["safari15", "chrome94", "firefox93"];

/** Bundles, hashes and writes `assets.gen.js`; a file that would not change is left alone. */
export async function buildAssets(): Promise<void> {
  const { outputFiles } = await build({
    entryPoints: ["main.ts", "challenge.ts", "style.css", "icon.svg"].map((name) =>
      join(HERE, "browser", name),
    ),
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

/** Several builds may run at once: each writes a file of its own and moves it into place. */
async function writeIfChanged(text: string): Promise<void> {
  if ((await readFile(TARGET, "utf8").catch(() => "")) === text) return;
  const draft = `${TARGET}.${process.pid}`;
  await writeFile(draft, text);
  await rename(draft, TARGET);
}

/** What vitest calls, once before all tests inside workerd. */
export const setup = buildAssets;

if (import.meta.main) await buildAssets();
