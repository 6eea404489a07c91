// Runs the deployed build of the Worker in Miniflare on a local port. Objects, queues and cache persist in a state
// directory, so an instance that was killed restarts with its ledgers.
import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
import { promisify } from "node:util";
import {
  convertV4MiniflareOptions,
  Miniflare,
  type V4ModuleDefinition,
  type V4ServiceDesignator,
  type V4WorkerOptions,
} from "miniflare";
import {
  type Unstable_Config,
  unstable_getMiniflareWorkerOptions,
  unstable_readConfig,
} from "wrangler";
import { makeTempDir } from "./temp-dir.ts";

const PROJECT = resolve(import.meta.dirname, "../..");
const WRANGLER = join(PROJECT, "node_modules/wrangler/bin/wrangler.js");
const MODULE_TYPES: Record<string, V4ModuleDefinition["type"]> = {
  ".js": "ESModule",
  ".wasm": "CompiledWasm",
  ".bin": "Data",
};
const RATE_LIMITS = {
  name: "rate-limits",
  modules: [{ type: "ESModule" as const, path: join(import.meta.dirname, "fakes/rate-limits.js") }],
  modulesRoot: import.meta.dirname,
  compatibilityDate: "2026-10-01",
};
const builds = new Map<string, Promise<string>>();

/** A line of the Worker's log. `level` is the name of the console method. */
export interface LogLine {
  level: string;
  message: string;
}

export interface WorkerSettings {
  stateDir: string;
  vars: Record<string, string>;
  /** Default: 0, which picks a free port. */
  port?: number;
  /** Default: the deployed Worker. */
  source?: Source;
  /** Path of a script that `buildWorker` built from the source. Default: build it now. */
  script?: string;
  onLog?: (line: LogLine) => void;
}

/** A running instance. */
export interface LocalWorker {
  url: string;
  stop(): Promise<void>;
}

/** What to build: a wrangler configuration, and an entry point that overrides the configured one. */
export interface Source {
  config: string;
  entry?: string;
}

const DEPLOYED: Source = { config: "wrangler.toml" };

/** Bundles a Worker exactly as `wrangler deploy` does, once per process. Returns the path of the script. */
export function buildWorker(source = DEPLOYED): Promise<string> {
  const name = JSON.stringify(source);
  let build = builds.get(name);
  if (build === undefined) {
    build = bundle(source);
    builds.set(name, build);
  }
  return build;
}

async function bundle({ config, entry }: Source): Promise<string> {
  // A separate directory per build, because several test processes build at the same time.
  const out = makeTempDir("build");
  const what = [...(entry === undefined ? [] : [entry]), "--config", config];
  const args = [WRANGLER, "deploy", ...what, "--dry-run", "--outdir", out];
  await promisify(execFile)(process.execPath, args, { cwd: PROJECT }).catch((error) => {
    throw new Error(`The Worker failed to build:\n${error.stdout}${error.stderr}`);
  });
  const main = entry ?? unstable_readConfig({ config: join(PROJECT, config) }).main ?? "";
  return join(out, basename(main).replace(/\.ts$/, ".js"));
}

/** Miniflare options for a built Worker, with the bindings from its configuration. */
export function workerOptions(
  script: string,
  vars: Record<string, string>,
  source = DEPLOYED,
): V4WorkerOptions {
  const config = unstable_readConfig({ config: join(PROJECT, source.config) });
  // Ignore the developer's .dev.vars: it must not change test results. The caller passes every value.
  const { modulesRules: _, ...bindings } = unstable_getMiniflareWorkerOptions({
    ...config,
    secrets: undefined,
    ratelimits: [],
  }).workerOptions;
  return {
    ...bindings,
    serviceBindings: rateLimits(config),
    name: config.name ?? "",
    modules: bundledModules(script),
    modulesRoot: dirname(script),
    bindings: { ...(config.vars as Record<string, string>), ...vars },
  };
}

function rateLimits({ ratelimits }: Unstable_Config): Record<string, V4ServiceDesignator> {
  return Object.fromEntries(
    ratelimits.map(({ name, namespace_id: namespace, simple }) => [
      name,
      { name: RATE_LIMITS.name, props: { namespace, ...simple } },
    ]),
  );
}

/** The script first, then the other files in the build output, such as imported text. */
function bundledModules(script: string): V4ModuleDefinition[] {
  const others = readdirSync(dirname(script)).filter((name) => {
    return name !== basename(script) && name !== "README.md" && extname(name) !== ".map";
  });
  return [
    { type: "ESModule", path: script },
    ...others.map((name): V4ModuleDefinition => {
      const type = MODULE_TYPES[extname(name)] ?? "Text";
      return { type, path: join(dirname(script), name) };
    }),
  ];
}

/** Starts a Miniflare that persists in `stateDir` and passes every log line to `onLog`. */
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
      workers: [...workers, RATE_LIMITS],
    }),
  );
}

/** Starts the Worker and waits until it is listening. */
export async function startWorker(settings: WorkerSettings): Promise<LocalWorker> {
  const script = settings.script ?? (await buildWorker(settings.source));
  const worker = workerOptions(script, settings.vars, settings.source);
  const miniflare = startMiniflare([worker], settings);
  try {
    const url = await miniflare.ready;
    return { url: url.origin, stop: () => miniflare.dispose() };
  } catch (error) {
    await miniflare.dispose();
    throw error;
  }
}

export const isWarning = ({ level }: LogLine): boolean => level === "warn" || level === "error";

export function printWarnings(line: LogLine): void {
  if (isWarning(line)) {
    console.error(line.message);
  }
}
