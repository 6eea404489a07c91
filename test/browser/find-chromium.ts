// Finds a Chromium for the browser tests: the system's, or the one in the dev dependencies. Runs once, before
// the tests start: two workers that unpack at the same time would each read half-written files.
import { existsSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import type { TestProject } from "vitest/node";

/** A browser to launch, and the environment variables it needs. */
export interface Chromium {
  executablePath: string;
  env: Record<string, string>;
}

declare module "vitest" {
  export interface ProvidedContext {
    chromium: Chromium;
  }
}

const PACKAGE = "@sparticuz/chromium";
const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
/** The browser, the shared libraries a bare machine may lack, fonts, and software rendering. */
const PARTS = ["chromium.br", "al2023.tar.br", "fonts.tar.br", "swiftshader.tar.br"];
/** Inside node_modules, so that a reinstall discards it. */
const UNPACKED = join(import.meta.dirname, "../../node_modules/.cache/chromium");
/** The package's own font configuration has paths for AWS Lambda only. */
const FONTS = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir>${join(UNPACKED, "fonts/fonts")}</dir>
  <cachedir>${join(UNPACKED, "fonts/cache")}</cachedir>
</fontconfig>
`;

export default async function setup({ provide }: TestProject): Promise<void> {
  provide("chromium", installed() ?? (await unpacked()));
}

function installed(): Chromium | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const named = folders.flatMap((folder) => NAMES.map((name) => join(folder, name)));
  const paths = [process.env.CHROMIUM_PATH ?? "", ...named];
  const executablePath = paths.find((path) => path && existsSync(path));
  return executablePath === undefined ? undefined : { executablePath, env: {} };
}

/** The package's browser. Linux on x86-64 only: elsewhere install Chromium or set CHROMIUM_PATH. */
async function unpacked(): Promise<Chromium> {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new Error("No Chromium found: install one, or set CHROMIUM_PATH to run the tests.");
  }
  if (!existsSync(UNPACKED)) await unpackInto(UNPACKED);
  return {
    executablePath: join(UNPACKED, "chromium"),
    env: {
      LD_LIBRARY_PATH: join(UNPACKED, "al2023/lib"),
      FONTCONFIG_PATH: join(UNPACKED, "fonts"),
    },
  };
}

/** The package unpacks into its process's temporary folder. The folder is renamed once complete. */
async function unpackInto(folder: string): Promise<void> {
  const { inflate } = await import(PACKAGE);
  const packed = join(createRequire(import.meta.url).resolve(PACKAGE), "../../bin");
  const partial = `${folder}-${process.pid}`;
  const { TMPDIR } = process.env;
  await mkdir(partial, { recursive: true });
  process.env.TMPDIR = partial;
  try {
    await Promise.all(PARTS.map((part) => inflate(join(packed, part))));
    await writeFile(join(partial, "fonts/fonts.conf"), FONTS);
    await rename(partial, folder);
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
    await rm(partial, { recursive: true, force: true });
  }
}
