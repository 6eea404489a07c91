// The folders of src/ are layers, listed top-down in ARCHITECTURE.md. No import goes up.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";

const SRC = join(import.meta.dirname, "../src");
const IMPORT = /^(?:import|export)\b[^"';]*?"(\.[^"]+)"/gm;
/** Code for Node, the examples, and generated code are outside the layers. */
const OUTSIDE = /^local$|^openapi$|^types$|^client\/examples\/|^pages\/build\.ts$|\.gen\.|\.d\.ts$/;

/** The layers from top to bottom, as listed in ARCHITECTURE.md. */
function layers(): string[] {
  const text = readFileSync(join(SRC, "ARCHITECTURE.md"), "utf8");
  const list = /^## Layers$.*?^```\n(.*?)^```/ms.exec(text)?.[1] ?? "";
  return list.split("\n").filter(Boolean);
}

/** `orders/` for a file in that folder, `app` for `src/app.ts`. */
function layerOf(file: string): string {
  const [first = "", ...rest] = relative(SRC, file).split("/");
  return rest.length > 0 ? `${first}/` : first.replace(/\.ts$/, "");
}

function sources(): string[] {
  return readdirSync(SRC, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name))
    .filter((name) => !OUTSIDE.test(name.split("/")[0] ?? "") && !OUTSIDE.test(name))
    .map((name) => join(SRC, name));
}

test("every folder and file of src/ has a layer", () => {
  const found = new Set(sources().map(layerOf));
  expect([...found].sort()).toEqual(layers().sort());
});

test("no layer imports from one above it", () => {
  const order = layers();
  const upward = sources().flatMap((file) => {
    const from = layerOf(file);
    return [...readFileSync(file, "utf8").matchAll(IMPORT)]
      .map(([, path = ""]) => join(dirname(file), path))
      .filter((target) => order.indexOf(layerOf(target)) < order.indexOf(from))
      .map((target) => `${relative(SRC, file)} imports ${relative(SRC, target)}`);
  });
  expect(upward).toEqual([]);
});
