// The command line of `npm run rehearse`: what may be said, what each word means, what is refused.
import { parseArgs } from "node:util";
import { LOCAL_ADMIN_TOKEN } from "../settings.ts";

export const HELP = `npm run rehearse -- [options]

Plays sales against a running instance and proves from the outside that they were sold correctly: a rush,
waves of arrivals for several units each, a crowd across the opening and the close, a sale that is changed
while people buy, and orders that are paid, given back and lapse in the same moment.
Without --url it starts the built Worker on a fresh temporary state and removes everything afterwards.
Exit status: 0 all held, 1 something did not (the violations are listed), 2 bad usage.

  --url URL            the instance to drive, local or deployed
  --sku ID             play the rush alone, on this SKU of the instance (nobody else should be buying it
                       meanwhile); default: sales of its own, created and deleted through the admin API.
                       Paid SKUs only where PAYMENTS is "sandbox", whose books prove the money: nobody
                       is ever charged
  --buyers N           how many come to the rush (default 500); the other crowds are smaller
  --bots SHARE         how many in the rush are scripted bots of each kind, 0 to 1 (default 0)
  --concurrency N      how many in the rush act at the same time (default 64)
  --admin-token TOKEN  the instance's ADMIN_TOKEN (default: the local one, for a local instance only)
  --auth-secret SECRET sign the buyers' tokens with the instance's AUTH_SECRET instead of demo login
  --max-p99 MS         fail if the 99th percentile of any kind of request is above so many milliseconds
  --max-errors SHARE   fail if a larger share of the requests, 0 to 1, gets no answer or a 5xx
  --json FILE          also write the result as JSON, with the commit and the machine it ran on
  --help               this text
`;

/** The goals a rehearsal can be held to. */
export interface Thresholds {
  /** No kind of request may have a higher 99th percentile: milliseconds. */
  maxP99?: number;
  /** No larger share of the requests, 0 to 1, may end without an answer or in a 5xx. */
  maxErrors?: number;
}

export interface Options extends Thresholds {
  url?: string;
  sku?: string;
  buyers: number;
  /** Share of the buyers. */
  bots: number;
  concurrency: number;
  adminToken: string;
  authSecret?: string;
  json?: string;
}

/** What was typed makes no sense; the message says why. */
export class UsageError extends Error {}

/** What may be typed. */
const OPTIONS = {
  url: { type: "string" },
  sku: { type: "string" },
  buyers: { type: "string", default: "500" },
  bots: { type: "string", default: "0" },
  concurrency: { type: "string", default: "64" },
  "admin-token": { type: "string" },
  "auth-secret": { type: "string" },
  "max-p99": { type: "string" },
  "max-errors": { type: "string" },
  json: { type: "string" },
  help: { type: "boolean", default: false },
} as const;

/** The options in `argv`, and those npm kept for itself (in `env`); or "help". Throws a UsageError. */
export function parseOptions(
  argv: string[],
  env: Record<string, string | undefined> = {},
): Options | "help" {
  const values = read(asTyped(argv, env));
  if (values.help) {
    return "help";
  }
  const { url, sku, json } = values;
  if (url !== undefined && !/^https?:$/.test(URL.parse(url)?.protocol ?? "")) {
    throw new UsageError(`--url must be an http or https address, not "${url}".`);
  }
  if (sku !== undefined && url === undefined) {
    throw new UsageError("--sku names a SKU of a running instance: it needs --url.");
  }
  const authSecret = values["auth-secret"];
  const maxP99 = values["max-p99"];
  const maxErrors = values["max-errors"];
  return {
    ...(url !== undefined && { url }),
    ...(sku !== undefined && { sku }),
    ...(json !== undefined && { json }),
    ...(authSecret !== undefined && { authSecret }),
    ...(maxP99 !== undefined && { maxP99: milliseconds("--max-p99", maxP99) }),
    ...(maxErrors !== undefined && { maxErrors: share("--max-errors", maxErrors) }),
    buyers: count("--buyers", values.buyers, 100_000),
    bots: share("--bots", values.bots),
    concurrency: count("--concurrency", values.concurrency, 1_000),
    adminToken: adminToken(url, values["admin-token"]),
  };
}

/**
 * `npm run rehearse --bots 0.5`, without the `--` that npm wants: npm keeps the flag as a setting of its own
 * and hands on only the value. This puts the two together again, in the order they were typed.
 */
function asTyped(argv: string[], env: Record<string, string | undefined>): string[] {
  const kept = Object.keys(OPTIONS).filter((name) => env[setting(name)] === "true");
  const order = Object.keys(env);
  kept.sort((a, b) => order.indexOf(setting(a)) - order.indexOf(setting(b)));
  const isBare = argv.every((word) => !word.startsWith("-"));
  if (!isBare || kept.length !== argv.length) return argv;
  return kept.flatMap((name, at) => [`--${name}`, argv[at] as string]);
}

const setting = (name: string): string => `npm_config_${name.replaceAll("-", "_")}`;

function read(argv: string[]) {
  try {
    return parseArgs({ args: argv, options: OPTIONS }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function count(name: string, text: string, most: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most) {
    throw new UsageError(`${name} must be a whole number from 1 to ${most}, not "${text}".`);
  }
  return value;
}

function share(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value <= 1)) {
    throw new UsageError(`${name} must be a number from 0 to 1, not "${text}".`);
  }
  return value;
}

function milliseconds(name: string, text: string): number {
  const value = Number(text);
  if (!(Number.isFinite(value) && value > 0)) {
    throw new UsageError(`${name} must be a number of milliseconds above 0, not "${text}".`);
  }
  return value;
}

function adminToken(url: string | undefined, given: string | undefined): string {
  if (given !== undefined) {
    return given;
  }
  if (url !== undefined && !isLocal(url)) {
    throw new UsageError(
      "--admin-token is needed: the proof reads the ledger through the admin API.",
    );
  }
  return LOCAL_ADMIN_TOKEN;
}

/** Whether `url` is this machine, where an instance believes the address a request claims to be from. */
export function isLocal(url: string): boolean {
  return ["localhost", "127.0.0.1", "[::1]"].includes(new URL(url).hostname);
}
