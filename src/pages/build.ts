// Builds the browser code and styles into one module that the Worker imports, packs the documents of the API,
// and writes the types of its client. Runs on Node and is never bundled: wrangler runs it before every build (`[build]` in wrangler.toml), vitest before its tests.
import { createHash } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { build } from "esbuild";
import { packedDocuments } from "../openapi/build.ts";
import { clientTypes } from "../openapi/client-types.ts";
import type { BuiltAsset } from "./assets.gen.js";

const HERE = import.meta.dirname;
const CONSOLE = join(HERE, "../admin/console/browser");
const TARGET = join(HERE, "assets.gen.js");
const DOCUMENTS = join(HERE, "documents.gen.bin");
const CLIENT_TYPES = join(HERE, "../client/api.gen.ts");
const HASH_LENGTH = 10;
/** The oldest supported browsers. Syntax is transpiled for them; APIs are not polyfilled (see browser/tsconfig.json). */
const OLDEST = ["safari15", "chrome94", "firefox93"];

/** Bundles and hashes the assets and writes `assets.gen.js` and `documents.gen.bin`, unless they would not change. */
export async function buildAssets(): Promise<void> {
  const { outputFiles } = await build({
    entryPoints: [
      ...[
        "main.ts",
        "challenge.ts",
        "payment.ts",
        "line.ts",
        "product.ts",
        "ready.ts",
        "ticker.ts",
        "holds.ts",
        "home.ts",
        "draw.ts",
        "qr.ts",
        "style.css",
        "docs.css",
        "icon.svg",
      ].map((name) => join(HERE, "browser", name)),
      ...["console.ts", "console.css", "chart.ts", "chart.css", "editor.ts"].map((name) =>
        join(CONSOLE, name),
      ),
      join(HERE, "../client/element/doorbuster-buy.ts"),
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
  const [style, icon, element] = ["docs.css", "icon.svg", "doorbuster-buy.js"].map(
    (file) => assets.find(({ name, extension }) => name + extension === file) as BuiltAsset,
  ) as [BuiltAsset, BuiltAsset, BuiltAsset];
  const served = JSON.stringify(assets.filter((asset) => asset !== style && asset !== element));
  await writeIfChanged(
    TARGET,
    Buffer.from(`// Made by src/pages/build.ts\nexport const ASSETS = ${served};\n`),
  );
  const address = `/assets/${icon.name}-${icon.hash}${icon.extension}`;
  await writeIfChanged(
    DOCUMENTS,
    packedDocuments({ style: style.body, icon: address, element: element.body }),
  );
  await writeIfChanged(CLIENT_TYPES, Buffer.from(clientTypes()));
}

/** Several builds may run at once: each writes its own temporary file and renames it into place. */
async function writeIfChanged(target: string, bytes: Uint8Array): Promise<void> {
  const current = await readFile(target).catch(() => undefined);
  if (current?.equals(bytes)) return;
  const draft = `${target}.${process.pid}`;
  await writeFile(draft, bytes);
  await rename(draft, target);
}

/** Vitest's global setup for the tests inside workerd. */
export const setup = buildAssets;

if (import.meta.main) await buildAssets();
