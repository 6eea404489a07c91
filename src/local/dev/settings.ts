// The settings of `npm run dev`: PORT, STATE_DIR and the developer's `.dev.vars` (DEV_VARS names another file).
// They are checked before anything starts.
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { parseEnv } from "node:util";
import { readConfig } from "../../config/config.ts";
import { localVars } from "../settings.ts";
import { DevError } from "./error.ts";

export const PROJECT = resolve(import.meta.dirname, "../../..");
const DEFAULT_PORT = "8787";
const DEFAULT_STATE_DIR = ".wrangler/state";
const MAX_PORT = 65_535;

export interface Settings {
  /** 0 picks a free port. */
  port: number;
  stateDir: string;
  /** The variables in `.dev.vars`, without those that have an empty value. */
  devVars: Record<string, string>;
  /** The REST URL of an Upstash database to use instead of a local Redis. */
  upstash?: string;
}

/** @throws DevError if a setting is invalid */
export async function readSettings(env: Record<string, string | undefined>): Promise<Settings> {
  const devVars = await readDevVars(resolve(PROJECT, env.DEV_VARS || ".dev.vars"));
  const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = devVars;
  if ((url === undefined) !== (token === undefined)) {
    throw new DevError(
      ".dev.vars has only one of UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN: set both to " +
        "use that database, or neither to use a local Redis.",
    );
  }
  const config = readConfig(workerVars(devVars, "http://localhost"));
  if (!config.ok) {
    const faults = config.faults.map((fault) => `- ${fault}`).join("\n");
    throw new DevError(`.dev.vars is invalid:\n${faults}`);
  }
  return {
    port: parsePort(env.PORT || DEFAULT_PORT),
    stateDir: resolve(PROJECT, env.STATE_DIR || DEFAULT_STATE_DIR),
    devVars,
    ...(url !== undefined && { upstash: url }),
  };
}

async function readDevVars(file: string): Promise<Record<string, string>> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw new DevError(`.dev.vars cannot be read: ${error.message}`);
  });
  const set = Object.entries(parseEnv(text)).filter(([, value]) => value !== "");
  return Object.fromEntries(set) as Record<string, string>;
}

function parsePort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= MAX_PORT) return port;
  throw new DevError(`PORT must be a number from 0 (any free port) to ${MAX_PORT}, not "${text}".`);
}

/** The Worker's variables and secrets: the local defaults, overridden by `.dev.vars`. */
export function workerVars(
  devVars: Record<string, string>,
  redisUrl: string,
): Record<string, string> {
  const local = localVars(redisUrl);
  if (devVars.AUTH_JWKS_URL !== undefined) {
    // The Worker verifies tokens in one way only. An identity provider's keys exclude the local secret.
    local.AUTH_SECRET = "";
    local.DEMO_LOGIN = "false";
  }
  const vars = { ...local, ...devVars };
  // The payment sandbox is for demo instances, and an instance without the demo login is not one.
  if (vars.DEMO_LOGIN !== "true" && devVars.PAYMENTS === undefined) vars.PAYMENTS = "";
  return vars;
}
