// `npm run cost`: what a sale costs with no line, with a line, with a draw, and by a naive design. Needs nothing but arithmetic.
import { beyondFree, billOf, inDollars, type Usage } from "../cost/bill.ts";
import { PARTS, PRICES, REDIS_FIXED, SOURCES, WORKERS_PAID } from "../cost/prices.ts";
import { KINDS, SCENARIO, type Scenario, usageOf } from "../cost/usage.ts";
import { type Environment, parse, UsageError } from "./command-line.ts";
import { formatNumber, formatTable } from "./terminal-format.ts";

const HELP = `npm run cost -- --visitors N --stock N [options]

Estimates what a sale costs, by part and plan: with no line, with a line, with a draw, and by a naive design that remembers nothing
at the edge (each page view and poll reads Redis and asks the object, and so does each press of Buy, also after the sell-out).
Exit status: 0 printed, 2 bad usage.

  --visitors N  people who come
  --stock N     units for sale
  --free        units cost nothing, so that there are no payments
  --minutes N   how long people are there (default ${SCENARIO.minutes})
  --colos N     how many locations of Cloudflare they come through (default ${SCENARIO.colos})
  --help        print this text
`;
const OPTIONS = {
  visitors: { type: "string" },
  stock: { type: "string" },
  free: { type: "boolean", default: false },
  minutes: { type: "string", default: String(SCENARIO.minutes) },
  colos: { type: "string", default: String(SCENARIO.colos) },
  help: { type: "boolean", default: false },
} as const;
const MOST = { visitors: 1_000_000_000, stock: 50_000_000, minutes: 44_640, colos: 1_000 };
const NAMES = { open: "no line", queue: "line", draw: "draw", naive: "naive" };

/** Prints the estimate, or in one line what is wrong with the arguments, and returns the exit status. */
export function runCost(
  args: string[],
  print: (line: string) => void,
  env: Environment = {},
): number {
  try {
    const { values } = parse({ args, options: OPTIONS }, env);
    print(values.help ? HELP : reportOf(scenarioOf(values)));
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    print(`${error.message} Try --help`);
    return 2;
  }
}

type Values = { [name in keyof typeof MOST]?: string } & { free: boolean };

function scenarioOf(values: Values): Scenario {
  const read = (name: keyof typeof MOST): number => {
    const text = values[name];
    if (text === undefined) throw new UsageError(`--${name} is missing.`);
    const number = /^\d{1,10}$/.test(text) ? Number(text) : 0;
    if (number < 1 || number > MOST[name]) {
      throw new UsageError(
        `--${name} is not a whole number from 1 to ${formatNumber(MOST[name])}.`,
      );
    }
    return number;
  };
  const stock = read("stock");
  return {
    visitors: read("visitors"),
    stock,
    paid: values.free ? 0 : stock,
    minutes: read("minutes"),
    colos: read("colos"),
  };
}

function reportOf(scenario: Scenario): string {
  const usages = KINDS.map((kind) => usageOf(scenario, kind));
  const head = KINDS.map((kind) => NAMES[kind]);
  const { visitors, stock, minutes, colos } = scenario;
  return [
    `${formatNumber(visitors)} people, ${formatNumber(stock)} units, ${minutes} minutes, ${colos} colos`,
    formatTable(["At list prices", ...head], partRows(usages)),
    formatTable(["Used", ...head], usedRows(usages)),
    formatTable(["Bill of a month with this sale alone", ...head], planRows(usages)),
    `${SOURCES}.\nPayments are not included. How people behave is assumed: src/cost/usage.ts.`,
  ].join("\n\n");
}

function partRows(usages: Usage[]): string[][] {
  const bills = usages.map((usage) => billOf(usage));
  const parts = PARTS.map((part, at) => [
    PRICES[part].name,
    ...bills.map(({ items }) => inDollars(items[at]?.dollars ?? 0)),
  ]);
  return [...parts, ["Together", ...bills.map(({ dollars }) => inDollars(dollars))]];
}

const usedRows = (usages: Usage[]): string[][] =>
  PARTS.map((part) => [
    PRICES[part].name,
    ...usages.map((usage) => formatNumber(usage[part], part === "storedGb" ? 3 : 0)),
  ]);

function planRows(usages: Usage[]): string[][] {
  const paid = (usage: Usage) => billOf(usage, "paid").dollars + WORKERS_PAID;
  const fits = (isFree: boolean) => (isFree ? "fits" : "too large");
  const ofCloudflare = (usage: Usage) => beyondFree(usage).filter((p) => p !== "redisCommands");
  const isRedisFree = (usage: Usage) => !beyondFree(usage).includes("redisCommands");
  return [
    ["Workers Free, in one day", ...usages.map((usage) => fits(ofCloudflare(usage).length === 0))],
    ["Upstash Free", ...usages.map((usage) => fits(isRedisFree(usage)))],
    ["Workers Paid + Upstash pay as you go", ...usages.map((usage) => inDollars(paid(usage)))],
    [
      "Workers Paid + Upstash Fixed 250 MB",
      ...usages.map((usage) => inDollars(paid({ ...usage, redisCommands: 0 }) + REDIS_FIXED)),
    ],
  ];
}

if (import.meta.main) {
  process.exitCode = runCost(process.argv.slice(2), console.log, process.env);
}
