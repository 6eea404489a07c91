// The command line of `npm run rehearse`: its options, their help text and their validation.
import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import type { LineMode } from "../../admission/settings.ts";
import { LOCAL_ADMIN_TOKEN } from "../settings.ts";

export const HELP = `npm run rehearse -- [options]

Runs crowds of simulated buyers against an instance and proves from the outside that it sold correctly. The
scenarios: a rush; waves of arrivals, several units each; attempts before the opening and after the close; a sale
edited while buyers order; orders that are paid, canceled and expire at the same moment; refunds by the operator.
Without --url, the built Worker is started on temporary state, which is removed afterwards.
Exit status: 0 no proof is broken, 1 at least one is (violations are listed), 2 bad usage.

  --url URL            rehearse on this instance, local or deployed
  --sku ID             run only the rush, on this SKU of the instance, while no one else buys it. Default: create
                       sales through the admin API and delete them afterwards. A paid SKU needs the sandbox, or
                       --provider stripe, which uses test methods only
  --provider NAME      who takes the payments: sandbox (default), or stripe. Without --url, stripe is a fake that is as
                       slow as Stripe and has its limits, and a drop of as many paid orders as --buyers comes on top.
                       With --url, the instance needs a Stripe test key; neither its books at Stripe nor its pace are
                       visible from here
  --seed N             repeats a rehearsal's random choices: arrivals, quantities, moments (default: a new one)
  --buyers N           number of buyers in the rush (default 500); other scenarios derive their number from it
  --bots SHARE         share of scripted bots in the rush, 0 to 1 (default 0)
  --admission MODE     queue or draw: run only a sale with a line, whose people join early and late, leave, sleep,
                       reload, share and forge tickets, while the operator refunds an order and denies some of them.
                       Without --url, the instance is killed twice meanwhile
  --concurrency N      number of buyers in the rush that act at the same time (default 64)
  --admin-token TOKEN  the instance's ADMIN_TOKEN (required unless the instance is local)
  --auth-secret SECRET sign buyers' tokens with the instance's AUTH_SECRET instead of using demo login
  --max-p99 MS         fail if the p99 latency of any kind of request exceeds this many milliseconds
  --max-errors SHARE   fail if more than this share of requests, 0 to 1, get a 5xx or no answer
  --json FILE          also write the result as JSON, with this working copy's commit and machine
  --help               print this text
`;

/** Limits that make a rehearsal fail. */
export interface Thresholds {
  /** Highest 99th percentile latency of any kind of request, in milliseconds. */
  maxP99?: number;
  /** Highest share of requests that get a 5xx or no answer, 0 to 1. */
  maxErrors?: number;
}

const PROVIDERS = ["sandbox", "stripe"] as const;
/** Who takes the payments. */
export type Provider = (typeof PROVIDERS)[number];

const MAX_SEED = 2 ** 32 - 1;

export interface Options extends Thresholds {
  url?: string;
  sku?: string;
  provider: Provider;
  /** Repeats the random choices. */
  seed: number;
  buyers: number;
  /** Share of the buyers that are bots, 0 to 1. */
  bots: number;
  concurrency: number;
  adminToken: string;
  authSecret?: string;
  json?: string;
  /** Rehearse a line of this mode; absent for sales without a line. */
  admission?: LineMode;
}

/** Invalid usage. The message is shown to the user with HELP. */
export class UsageError extends Error {}

const OPTIONS = {
  url: { type: "string" },
  sku: { type: "string" },
  provider: { type: "string", default: "sandbox" },
  buyers: { type: "string", default: "500" },
  bots: { type: "string", default: "0" },
  admission: { type: "string" },
  seed: { type: "string" },
  concurrency: { type: "string", default: "64" },
  "admin-token": { type: "string" },
  "auth-secret": { type: "string" },
  "max-p99": { type: "string" },
  "max-errors": { type: "string" },
  json: { type: "string" },
  help: { type: "boolean", default: false },
} as const;

/**
 * Parses `argv`, together with options that npm consumed and put into `env`. Returns "help" for --help.
 * Throws a UsageError.
 */
export function parseOptions(
  argv: string[],
  env: Record<string, string | undefined> = {},
): Options | "help" {
  const values = parse(withNpmFlags(argv, env));
  if (values.help) {
    return "help";
  }
  const { url, sku, json, admission } = values;
  if (url !== undefined && !/^https?:$/.test(URL.parse(url)?.protocol ?? "")) {
    throw new UsageError(`--url must be an http or https URL, not "${url}".`);
  }
  if (sku !== undefined && url === undefined) {
    throw new UsageError("--sku requires --url: it names a SKU of an existing instance.");
  }
  if (admission !== undefined && sku !== undefined) {
    throw new UsageError("--admission creates its own sale, so it does not go with --sku.");
  }
  const authSecret = values["auth-secret"];
  const maxP99 = values["max-p99"];
  const maxErrors = values["max-errors"];
  return {
    ...(url !== undefined && { url }),
    ...(sku !== undefined && { sku }),
    ...(json !== undefined && { json }),
    ...(admission !== undefined && { admission: lineMode(admission) }),
    ...(authSecret !== undefined && { authSecret }),
    ...(maxP99 !== undefined && { maxP99: milliseconds("--max-p99", maxP99) }),
    ...(maxErrors !== undefined && { maxErrors: share("--max-errors", maxErrors) }),
    provider: providerNamed(values.provider),
    seed:
      values.seed === undefined ? randomInt(1, MAX_SEED) : count("--seed", values.seed, MAX_SEED),
    buyers: count("--buyers", values.buyers, 100_000),
    bots: share("--bots", values.bots),
    concurrency: count("--concurrency", values.concurrency, 1_000),
    adminToken: adminToken(url, values["admin-token"]),
  };
}

/**
 * Supports `npm run rehearse --bots 0.5`, without the `--` before the options. npm then turns the flag into an
 * environment variable and passes only the value on. This restores the flags in the order they were typed.
 */
function withNpmFlags(argv: string[], env: Record<string, string | undefined>): string[] {
  const consumed = Object.keys(OPTIONS).filter((name) => env[npmVariable(name)] === "true");
  const order = Object.keys(env);
  consumed.sort((a, b) => order.indexOf(npmVariable(a)) - order.indexOf(npmVariable(b)));
  const hasOnlyValues = argv.every((word) => !word.startsWith("-"));
  if (!hasOnlyValues || consumed.length !== argv.length) return argv;
  return consumed.flatMap((name, at) => [`--${name}`, argv[at] as string]);
}

const npmVariable = (name: string): string => `npm_config_${name.replaceAll("-", "_")}`;

function parse(argv: string[]) {
  try {
    return parseArgs({ args: argv, options: OPTIONS }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function count(name: string, text: string, max: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > max) {
    throw new UsageError(`${name} must be a whole number from 1 to ${max}, not "${text}".`);
  }
  return value;
}

function providerNamed(name: string): Provider {
  const provider = PROVIDERS.find((one) => one === name);
  if (provider === undefined) {
    throw new UsageError(`--provider must be ${PROVIDERS.join(" or ")}, not "${name}".`);
  }
  return provider;
}

function lineMode(text: string): LineMode {
  if (text !== "queue" && text !== "draw") {
    throw new UsageError(`--admission must be queue or draw, not "${text}".`);
  }
  return text;
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
      "--admin-token is required: the proofs read the ledger through the admin API.",
    );
  }
  return LOCAL_ADMIN_TOKEN;
}

/** Whether `url` points to this machine. Only such instances trust a client address in a request header. */
export function isLocal(url: string): boolean {
  return ["localhost", "127.0.0.1", "[::1]"].includes(new URL(url).hostname);
}
