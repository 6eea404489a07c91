// The command line of `npm run rehearse`: its options, their help text and their validation.
import { randomInt } from "node:crypto";
import type { LineMode } from "../../admission/settings.ts";
import { REHEARSAL_ID } from "../../catalog/rehearsal-terms.ts";
import { count, type Environment, outputFile, parse, UsageError } from "../command-line.ts";
import { LOCAL_ADMIN_TOKEN } from "../settings.ts";

export const HELP = `npm run rehearse -- [options]

Runs crowds of simulated buyers against an instance and proves from the outside that it sold correctly. The
scenarios: a rush; waves of arrivals, several units each; attempts before the opening and after the close; a sale
edited while buyers order; orders that are paid, canceled and expire at the same moment; refunds by the operator.
Without --url, the built Worker is started on temporary state, which is removed afterwards.
An instance that is not local needs its operator's token in the environment variable ADMIN_TOKEN. If it has no demo login, the
operator signs the buyers, who can only act in the rehearsal's own sales: unlisted ones, free or for play money, which remove themselves.
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
  --evidence FILE      run only the rush, and write what this machine observed, to be merged with that of others. The sale stays
                       for them, and removes itself after its end, which is in an hour
  --sale ID            with --evidence: join the rush of another machine, on the sale that it printed
  --merge FILE …       prove what several machines observed together; nothing is sent
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
  json?: string;
  /** The file for what this machine observed, to be merged. */
  evidence?: string;
  /** The rehearsal of another machine to join. */
  sale?: string;
  /** The files of several machines. Nothing is run. */
  merge?: string[];
  /** Rehearse a line of this mode; absent for sales without a line. */
  admission?: LineMode;
}

const OPTIONS = {
  url: { type: "string" },
  sku: { type: "string" },
  provider: { type: "string", default: "sandbox" },
  buyers: { type: "string", default: "500" },
  bots: { type: "string", default: "0" },
  admission: { type: "string" },
  seed: { type: "string" },
  concurrency: { type: "string", default: "64" },
  "max-p99": { type: "string" },
  "max-errors": { type: "string" },
  json: { type: "string" },
  evidence: { type: "string" },
  sale: { type: "string" },
  merge: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

/** Parses `argv`. Returns "help" for --help. @throws {UsageError} */
export function parseOptions(argv: string[], env: Environment = {}): Options | "help" {
  const config = { args: argv, options: OPTIONS, allowPositionals: true } as const;
  const { values, positionals } = parse(config, env);
  if (values.help) {
    return "help";
  }
  const { url, sku, json, admission, evidence, sale } = values;
  if (values.merge !== positionals.length > 0) {
    throw new UsageError("--merge needs the files that --evidence wrote, and only it takes files.");
  }
  if (evidence !== undefined && (url === undefined || (sku ?? admission) !== undefined)) {
    throw new UsageError(
      "--evidence needs --url, and goes neither with --sku nor with --admission.",
    );
  }
  if (sale !== undefined && evidence === undefined) {
    throw new UsageError("--sale needs --evidence: one machine alone proves nothing about all.");
  }
  if (sale !== undefined && !sale.startsWith(REHEARSAL_ID)) {
    throw new UsageError(`--sale must name the rehearsal of another machine, not "${sale}".`);
  }
  if (url !== undefined && !/^https?:$/.test(URL.parse(url)?.protocol ?? "")) {
    throw new UsageError(`--url must be an http or https URL, not "${url}".`);
  }
  if (sku !== undefined && url === undefined) {
    throw new UsageError("--sku requires --url: it names a SKU of an existing instance.");
  }
  if (admission !== undefined && sku !== undefined) {
    throw new UsageError("--admission creates its own sale, so it does not go with --sku.");
  }
  const maxP99 = values["max-p99"];
  const maxErrors = values["max-errors"];
  return {
    ...(url !== undefined && { url }),
    ...(sku !== undefined && { sku }),
    ...(json !== undefined && { json: outputFile("--json", json) }),
    ...(admission !== undefined && { admission: lineMode(admission) }),
    ...(evidence !== undefined && { evidence: outputFile("--evidence", evidence) }),
    ...(sale !== undefined && { sale }),
    ...(values.merge && { merge: positionals }),
    ...(maxP99 !== undefined && { maxP99: milliseconds("--max-p99", maxP99) }),
    ...(maxErrors !== undefined && { maxErrors: share("--max-errors", maxErrors) }),
    provider: providerNamed(values.provider),
    seed:
      values.seed === undefined ? randomInt(1, MAX_SEED) : count("--seed", values.seed, MAX_SEED),
    buyers: count("--buyers", values.buyers, 100_000),
    bots: share("--bots", values.bots),
    concurrency: count("--concurrency", values.concurrency, 1_000),
    adminToken: adminToken(url, env.ADMIN_TOKEN),
  };
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

/** Never an argument: those show in the list of processes and in the history of the shell. */
function adminToken(url: string | undefined, given: string | undefined): string {
  if (url === undefined) return LOCAL_ADMIN_TOKEN;
  if (given) return given;
  if (isLocal(url)) return LOCAL_ADMIN_TOKEN;
  throw new UsageError(
    "Set ADMIN_TOKEN in the environment: the sales and the proofs need the operator's API.",
  );
}

/** Whether `url` points to this machine. Only such instances trust a client address in a request header. */
export function isLocal(url: string): boolean {
  return ["localhost", "127.0.0.1", "[::1]"].includes(new URL(url).hostname);
}
