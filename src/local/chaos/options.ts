// The command line of `npm run chaos`: its options, their help text and their validation.
import { randomInt } from "node:crypto";
import { count, type Environment, outputFile, parse, UsageError } from "../command-line.ts";
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

const OPTIONS = {
  only: { type: "string" },
  seconds: { type: "string", default: "40" },
  rate: { type: "string", default: "10" },
  seed: { type: "string" },
  html: { type: "string" },
  json: { type: "string" },
  help: { type: "boolean", default: false },
} as const;

/** Parses `argv`. Returns "help" for --help. @throws {UsageError} */
export function parseOptions(argv: string[], env: Environment = {}): Options | "help" {
  const { values } = parse({ args: argv, options: OPTIONS }, env);
  const { help, only, seconds, rate, seed, html, json } = values;
  if (help) return "help";
  return {
    faults: only === undefined ? [...FAULTS] : only.split(",").map(faultNamed),
    seconds: count("--seconds", seconds, 600),
    rate: count("--rate", rate, 200),
    seed: seed === undefined ? randomInt(1, 2 ** 32 - 1) : count("--seed", seed, 2 ** 32 - 1),
    ...(html !== undefined && { html: outputFile("--html", html) }),
    ...(json !== undefined && { json: outputFile("--json", json) }),
    adminToken: LOCAL_ADMIN_TOKEN,
  };
}

function faultNamed(name: string): Fault {
  const fault = FAULTS.find((one) => one.name === name.trim());
  if (!fault) throw new UsageError(`--only: there is no fault "${name}".`);
  return fault;
}
