// Runs wrangler as a child process. Secrets reach it in a file that only this user can read and that is deleted
// afterwards, never in arguments.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { PROJECT } from "../dev/settings.ts";
import { Cancelled, SetupError } from "./error.ts";

const BIN = join(PROJECT, "node_modules/wrangler/bin/wrangler.js");
const QUIET = { WRANGLER_SEND_METRICS: "false", WRANGLER_SEND_ERROR_REPORTS: "false" };

const INTERRUPTS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export type Env = Record<string, string | undefined>;

/**
 * Runs wrangler to its end. Returns its status and output.
 *
 * @throws {Cancelled} after Ctrl-C, once wrangler has ended, so that callers clean up
 */
export async function runWrangler(args: string[], env: Env, cwd: string) {
  let isCancelled = false;
  // In a terminal wrangler gets the signal as well. Another program may send it to this process alone.
  const stop = () => {
    isCancelled = true;
    child.kill();
  };
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd,
    env: { ...QUIET, ...(env as NodeJS.ProcessEnv) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const signal of INTERRUPTS) process.once(signal, stop);
  const [stdout, stderr] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  for (const signal of INTERRUPTS) process.off(signal, stop);
  if (isCancelled) throw new Cancelled();
  return { status: child.exitCode, stdout, stderr };
}

/** Runs `wrangler login` in this terminal, which opens a browser. */
export async function login(env: Env, cwd: string): Promise<void> {
  const child = spawn(process.execPath, [BIN, "login"], {
    cwd,
    env: env as NodeJS.ProcessEnv,
    stdio: "inherit",
  });
  await once(child, "exit");
}

/** The headers of wrangler's login for Cloudflare's API, or undefined if nobody is signed in. */
export async function authHeaders(
  env: Env,
  cwd: string,
): Promise<Record<string, string> | undefined> {
  // Wrangler prefers it to a login, too.
  if (env.CLOUDFLARE_API_TOKEN) return { Authorization: `Bearer ${env.CLOUDFLARE_API_TOKEN}` };
  const { status, stdout } = await runWrangler(["auth", "token", "--json"], env, cwd);
  if (status !== 0) return undefined;
  const found = JSON.parse(stdout.slice(stdout.indexOf("{"))) as Record<string, string>;
  if (found.type === "api_key")
    return { "X-Auth-Key": found.key ?? "", "X-Auth-Email": found.email ?? "" };
  return { Authorization: `Bearer ${found.token}` };
}

export interface Deployment {
  /** The path of the configuration. */
  config: string;
  /** Marks the version, so that a later run knows what is deployed. */
  tag: string;
  /** Secrets that Cloudflare does not have yet. */
  secrets: Record<string, string>;
}

/** Runs `wrangler deploy`. @throws {SetupError} with what wrangler said */
export async function deploy({ config, tag, secrets }: Deployment, env: Env, cwd: string) {
  const folder = await mkdtemp(join(tmpdir(), "doorbuster-setup-"));
  try {
    const file = join(folder, "secrets.json");
    await writeFile(file, JSON.stringify(secrets), { mode: 0o600 });
    const withSecrets = Object.keys(secrets).length > 0 ? ["--secrets-file", file] : [];
    const args = ["deploy", "--config", config, "--tag", tag, ...withSecrets];
    const { status, stdout, stderr } = await runWrangler(args, env, cwd);
    if (status === 0) return;
    const said = excerpt(`${stdout}\n${stderr}`);
    throw new SetupError(
      `The deployment failed. Wrangler said:\n\n${said}\n\nFix it and run setup again.`,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they color a terminal
const COLORS = /\u001b\[[0-9;]*m/g;

/** The lines from the last error on, or the last ones. */
function excerpt(output: string): string {
  const all = output.replace(COLORS, "").split("\n");
  const lines = all.filter((line) => line.trim() !== "");
  const at = lines.findLastIndex((line) => line.includes("[ERROR]"));
  const shown = at < 0 ? lines.slice(-15) : lines.slice(at, at + 15);
  return shown.map((line) => `  ${line}`).join("\n");
}
