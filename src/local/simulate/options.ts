// The command line of `npm run simulate`: its options, their help text and their validation.
import { count, type Environment, outputFile, parse, UsageError } from "../command-line.ts";
import { PLATFORM } from "./limits.ts";
import type { Scenario } from "./world.ts";

export const HELP = `npm run simulate -- [options]

Simulates a drop that is larger than any machine here: colos, isolates, objects, queues, Redis, and the payment provider,
with their documented limits, through the code that decides in the real ones. Prints how long it takes to sell out, who is
refused and why, and which part reaches its limit first. The same options give the same answer.
Exit status: 0 done, 1 the validation differs by more than 15 %, 2 bad usage.

  --people N        people who want one unit each (default 10000000)
  --stock N         units (default 200000)
  --colos N         colos of the network that they come through (default 300)
  --seconds N       everybody presses Buy within this time after the opening, most of them at once (default 60)
  --lanes N         objects that share the stock, 1 to 64 (default 1)
  --object-limit N  calls per second of one object (default ${PLATFORM.objectPerSecond})
  --line N          the sale has a line that admits this many people per second (default: no line)
  --paid            every order comes with a payment
  --compare-lanes   simulates 1 to 64 lanes instead, and compares them
  --seed N          another seed changes who comes where and when (default 1)
  --html FILE       write a report with plots
  --validate        runs a real drop on this machine instead, and compares it with its simulation. Takes some minutes
  --help            print this text
`;

export interface Options {
  mode: "simulate" | "compare lanes" | "validate";
  scenario: Scenario;
  objectPerSecond: number;
  html?: string;
}

const OPTIONS = {
  people: { type: "string", default: "10000000" },
  stock: { type: "string", default: "200000" },
  colos: { type: "string", default: "300" },
  seconds: { type: "string", default: "60" },
  lanes: { type: "string", default: "1" },
  "object-limit": { type: "string", default: String(PLATFORM.objectPerSecond) },
  line: { type: "string" },
  paid: { type: "boolean", default: false },
  "compare-lanes": { type: "boolean", default: false },
  seed: { type: "string", default: "1" },
  html: { type: "string" },
  validate: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

/** Parses `argv`. Returns "help" for --help. @throws {UsageError} */
export function parseOptions(argv: string[], env: Environment = {}): Options | "help" {
  const { values } = parse({ args: argv, options: OPTIONS }, env);
  if (values.help) return "help";
  const { html, line, validate, "compare-lanes": comparesLanes } = values;
  if (validate && comparesLanes) {
    throw new UsageError("--validate and --compare-lanes do not go together.");
  }
  return {
    mode: validate ? "validate" : comparesLanes ? "compare lanes" : "simulate",
    objectPerSecond: count("--object-limit", values["object-limit"], 100_000),
    ...(html !== undefined && { html: outputFile("--html", html) }),
    scenario: {
      people: count("--people", values.people, 100_000_000),
      // The most that one SKU may have.
      stock: count("--stock", values.stock, 1_000_000),
      colos: count("--colos", values.colos, 1_000),
      seconds: count("--seconds", values.seconds, 86_400),
      lanes: count("--lanes", values.lanes, 64),
      isPaid: values.paid,
      // The highest rate that a sale may set.
      ...(line !== undefined && { linePerSecond: count("--line", line, 1_000) }),
      comesBack: 0,
      seed: count("--seed", values.seed, 2 ** 32 - 1),
    },
  };
}
