// Runs the Worker as deploy builds it, in Miniflare, on a port of this machine. Objects, queues and
// cache live under a state folder, so a killed instance finds its ledgers again.
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, extname, join, resolve } from "node:path";
import { promisify } from "node:util";
import {
  convertV4MiniflareOptions,
  Miniflare,
  type V4ModuleDefinition,
  type V4WorkerOptions,
} from "miniflare";
import { unstable_getMiniflareWorkerOptions, unstable_readConfig } from "wrangler";

const PROJECT = resolve(import.meta.dirname, "../..");
const WRANGLER = join(PROJECT, "node_modules/wrangler/bin/wrangler.js");
const MODULE_TYPES: Record<string, V4ModuleDefinition["type"]> = {
  ".js": "ESModule",
  ".wasm": "CompiledWasm",
  ".bin": "Data",
};
const builds = new Map<string, Promise<string>>();

/** One line the Worker logged; `level` is the console method's name. */
export interface LogLine {
  level: string;
  message: string;
}

/** What an instance can be told. `port` 0 (the default) takes a free one. */
export interface WorkerSettings {
  stateDir: string;
  vars: Record<string, string>;
  port?: number;
  /** A build made earlier, by `buildWorker`; without it this process builds. */
  script?: string;
  onLog?: (line: LogLine) => void;
}

/** A running instance. */
export interface LocalWorker {
  url: string;
  stop(): Promise<void>;
}

/** Bundles the Worker exactly as deploy does, once per process and entry. Returns the script's path. */
export function buildWorker(entry = "src/index.ts"): Promise<string> {
  let build = builds.get(entry);
  if (build === undefined) {
    build = bundle(entry);
    builds.set(entry, build);
  }
  return build;
}

async function bundle(entry: string): Promise<string> {
  // A folder of its own, because several test processes build at the same time.
  const out = mkdtempSync(join(tmpdir(), "doorbuster-build-"));
  process.once("exit", () => rmSync(out, { recursive: true, force: true }));
  const args = [WRANGLER, "deploy", entry, "--dry-run", "--outdir", out];
  await promisify(execFile)(process.execPath, args, { cwd: PROJECT }).catch((error) => {
    throw new Error(`The Worker does not build:\n${error.stdout}${error.stderr}`);
  });
  return join(out, entry.replace(/^.*\//, "").replace(/\.ts$/, ".js"));
}

/** The Worker with the bindings of `wrangler.toml`, as one entry of a Miniflare's `workers`. */
export function workerOptions(script: string, vars: Record<string, string>): V4WorkerOptions {
  const config = unstable_readConfig({ config: join(PROJECT, "wrangler.toml") });
  // Every value comes from the caller: a developer's own .dev.vars must not change what a test sees.
  const { modulesRules: _, ...bindings } = unstable_getMiniflareWorkerOptions({
    ...config,
    secrets: undefined,
  }).workerOptions;
  return {
    ...bindings,
    name: config.name ?? "doorbuster",
    modules: bundledModules(script),
    modulesRoot: dirname(script),
    bindings: { ...(config.vars as Record<string, string>), ...vars },
  };
}

/** The script first, then whatever else the build put beside it (imported texts, say). */
function bundledModules(script: string): V4ModuleDefinition[] {
  const beside = readdirSync(dirname(script)).filter((name) => {
    return name !== basename(script) && name !== "README.md" && extname(name) !== ".map";
  });
  return [
    { type: "ESModule", path: script },
    ...beside.map((name): V4ModuleDefinition => {
      const type = MODULE_TYPES[extname(name)] ?? "Text";
      return { type, path: join(dirname(script), name) };
    }),
  ];
}

/** A Miniflare that keeps its state in `stateDir` and hands every log line to `onLog`. */
export function startMiniflare(
  workers: V4WorkerOptions[],
  settings: Pick<WorkerSettings, "stateDir" | "port" | "onLog">,
): Miniflare {
  return new Miniflare(
    convertV4MiniflareOptions({
      host: "127.0.0.1",
      port: settings.port ?? 0,
      resourcePersistencePath: resolve(settings.stateDir),
      telemetry: { enabled: false },
      handleStructuredLogs: settings.onLog ?? printWarnings,
      workers,
    }),
  );
}

/** Starts the Worker and waits until it listens. */
export async function startWorker(settings: WorkerSettings): Promise<LocalWorker> {
  const script = settings.script ?? (await buildWorker());
  const miniflare = startMiniflare([workerOptions(script, settings.vars)], settings);
  try {
    const url = await miniflare.ready;
    return { url: url.origin, stop: () => miniflare.dispose() };
  } catch (error) {
    await miniflare.dispose();
    throw error;
  }
}

function printWarnings({ level, message }: LogLine): void {
  if (level === "warn" || level === "error") {
    console.error(message);
  }
}
