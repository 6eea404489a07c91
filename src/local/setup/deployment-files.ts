// The files of this clone's deployment. They are in the folder `deployment`, which git ignores, so that `git pull` never
// touches them: `settings.json`, `secrets.env`, and `wrangler.json`, which follows from the settings and `wrangler.toml`.
import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { parseEnv } from "node:util";
import { experimental_readRawConfig } from "wrangler";
import { SetupError } from "./error.ts";
import { WORKERS_DEV } from "./options.ts";

/** The folder of the deployment's files, in the project. */
export const FOLDER = "deployment";

/** What differs between deployments, secrets excepted. */
export interface Settings {
  /** The Worker's name. Names of the queues begin with it. */
  name: string;
  accountId: string;
  /** A domain of the shop, or `workers.dev`. */
  domain: string;
  /** The address that buyers know. */
  origin: string;
  vars: Record<string, string>;
}

/** The part of wrangler's configuration that setup reads or replaces. */
export interface WranglerConfig {
  name: string;
  main: string;
  build?: { command?: string; cwd?: string; watch_dir?: string | string[] };
  vars: Record<string, string>;
  secrets: { required: string[] };
  queues: {
    producers: { binding: string; queue: string }[];
    consumers: { queue: string; dead_letter_queue?: string; [key: string]: unknown }[];
  };
  triggers: { crons: string[] };
  [key: string]: unknown;
}

/** The configuration that git tracks. `root` is the folder of the project. */
export const readTracked = (root: string): WranglerConfig =>
  experimental_readRawConfig({ config: join(root, "wrangler.toml") })
    .rawConfig as unknown as WranglerConfig;

/** The settings of an earlier run, or undefined. */
export async function readSettings(root: string): Promise<Settings | undefined> {
  const text = await textOf(join(root, FOLDER, "settings.json"));
  try {
    return text === undefined ? undefined : (JSON.parse(text) as Settings);
  } catch {
    throw new SetupError(`${FOLDER}/settings.json is not JSON. Correct it, or move it away.`);
  }
}

/** The secrets that earlier runs noted. */
export async function readSecrets(root: string): Promise<Record<string, string>> {
  const text = await textOf(join(root, FOLDER, "secrets.env"));
  return text === undefined ? {} : (parseEnv(text) as Record<string, string>);
}

/** Writes the settings, and the configuration that follows from them. */
export async function writeSettings(root: string, settings: Settings): Promise<void> {
  await write(root, "settings.json", toJson(settings));
  await writeWranglerConfig(root, settings);
}

/** Writes wrangler's configuration. Returns its path as well. */
export async function writeWranglerConfig(root: string, settings: Settings) {
  const config = deploymentConfig(readTracked(root), settings, root);
  return { path: await write(root, "wrangler.json", toJson(config)), config };
}

/** Writes the secrets, for the owner of this account alone. Values with quotes or line breaks are quoted. */
export async function writeSecrets(root: string, secrets: Record<string, string>): Promise<string> {
  const lines = Object.entries(secrets).map(([name, value]) => `${name}=${quoted(name, value)}\n`);
  const head = "# The secrets of the deployment. Keep this file, and keep it secret.\n";
  return write(root, "secrets.env", head + lines.join(""));
}

/**
 * Wrangler's configuration of a deployment: the tracked one under the deployment's names, address and variables. The route
 * and `PUBLIC_ORIGIN` are set together, because requests for another host than `PUBLIC_ORIGIN` are refused.
 */
export function deploymentConfig(
  tracked: WranglerConfig,
  settings: Settings,
  root: string,
): WranglerConfig {
  const queue = (name: string) => queueName(tracked, settings, name);
  const up = relative(join(root, FOLDER), root);
  const { build, queues } = tracked;
  const { name, accountId, domain, origin, vars } = settings;
  const isOwnDomain = domain !== WORKERS_DEV;
  return {
    ...tracked,
    ...{ name, account_id: accountId, main: join(up, tracked.main) },
    // The command runs in the folder that wrangler was started in, which is the project's.
    ...(build?.command !== undefined && { build: { command: build.command } }),
    ...{ workers_dev: !isOwnDomain, preview_urls: false },
    ...(isOwnDomain && { routes: [{ pattern: domain, custom_domain: true }] }),
    vars: { ...tracked.vars, ...vars, PUBLIC_ORIGIN: origin },
    queues: {
      producers: queues.producers.map((one) => ({ ...one, queue: queue(one.queue) })),
      consumers: queues.consumers.map(({ dead_letter_queue: dead, ...one }) => ({
        ...{ ...one, queue: queue(one.queue) },
        ...(dead !== undefined && { dead_letter_queue: queue(dead) }),
      })),
    },
  };
}

/** Names of all queues of a deployment. */
export const queuesOf = (tracked: WranglerConfig, settings: Settings): string[] =>
  tracked.queues.producers.map(({ queue }) => queueName(tracked, settings, queue));

const queueName = (tracked: WranglerConfig, { name }: Settings, queue: string): string =>
  name + queue.slice(tracked.name.length);

const toJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** @throws {SetupError} for a value that no quotes can hold */
function quoted(name: string, value: string): string {
  if (/^[\w:/.+=@,-]*$/.test(value)) return value;
  // Double quotes would turn a backslash with an n into a line break.
  const quotes = ["'", "`", ...(value.includes("\\") ? [] : ['"'])];
  const quote = quotes.find((one) => !value.includes(one));
  if (quote !== undefined && !value.includes("\r")) return quote + value + quote;
  throw new SetupError(
    `${name} has all kinds of quotes in it, or a carriage return. Use a value without.`,
  );
}

/** Replaces the file at once, so that a crash leaves the old one or the new one. Returns its path. */
async function write(root: string, name: string, text: string): Promise<string> {
  await mkdir(join(root, FOLDER), { recursive: true, mode: 0o700 });
  const path = join(root, FOLDER, name);
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await chmod(`${path}.new`, 0o600);
  await rename(`${path}.new`, path);
  return path;
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
