// The command line of `npm run chaos`: its options, their help text and their validation.
import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { LOCAL_ADMIN_TOKEN } from "../settings.ts";
import { FAULTS, type Fault } from "./faults.ts";

export const HELP = `npm run chaos -- [options]

A game day: the built Worker on temporary state, a steady crowd that buys from it, and one fault after the other. After
each, all orders become final, and the rehearsal's proofs are checked against the history of every request.
Exit status: 0 no proof is broken, 1 at least one is (violations are listed), 2 bad usage.

  --only NAMES    only these faults, separated by commas: ${FAULTS.map(({ name }) => name).join(", ")}
  --seconds N     how long each fault lasts (default 40: long enough for alerts)
  --rate N        people per second (default 10)
  --seed N        repeats the random choices of the crowd (default: new ones)
  --html FILE     write a report with plots
  --json FILE     write the results as JSON
  --help          print this text
`;

export interface Options {
  faults: Fault[];
  seconds: number;
  /** People per second. */
  rate: number;
  seed: number;
  html?: string;
  json?: string;
  adminToken: string;
}

/** Invalid usage. The message is shown to the user with HELP. */
export class UsageError extends Error {}

const OPTIONS = {
  only: { type: "string" },
  seconds: { type: "string", default: "40" },
  rate: { type: "string", default: "10" },
  seed: { type: "string" },
  html: { type: "string" },
  json: { type: "string" },
  help: { type: "boolean", default: false },
} as const;

/** Parses `argv`. Returns "help" for --help. @throws UsageError */
export function parseOptions(argv: string[]): Options | "help" {
  const { help, only, seconds, rate, seed, html, json } = parse(argv);
  if (help) return "help";
  return {
    faults: only === undefined ? [...FAULTS] : only.split(",").map(faultNamed),
    seconds: count("--seconds", seconds, 600),
    rate: count("--rate", rate, 200),
    seed: seed === undefined ? randomInt(1, 2 ** 32 - 1) : count("--seed", seed, 2 ** 32 - 1),
    ...(html !== undefined && { html }),
    ...(json !== undefined && { json }),
    adminToken: LOCAL_ADMIN_TOKEN,
  };
}

function parse(argv: string[]) {
  try {
    return parseArgs({ args: argv, options: OPTIONS }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function faultNamed(name: string): Fault {
  const fault = FAULTS.find((one) => one.name === name.trim());
  if (!fault) throw new UsageError(`--only: there is no fault "${name}".`);
  return fault;
}

function count(name: string, text: string, max: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > max) {
    throw new UsageError(`${name} must be a whole number from 1 to ${max}, not "${text}".`);
  }
  return value;
}
