// `npm run setup`: deploys Doorbuster to a Cloudflare account. See HELP in options.ts.
import { UsageError } from "../command-line.ts";
import { PROJECT } from "../dev/settings.ts";
import { terminal } from "./ask.ts";
import { Cancelled, SetupError } from "./error.ts";
import { HELP, parseOptions } from "./options.ts";
import { runSetup } from "./run.ts";

/** A certificate for a new domain takes some minutes. */
const READY_LIMIT_MS = 300_000;

process.exitCode = await main(process.argv.slice(2));

async function main(argv: string[]): Promise<number> {
  try {
    const options = parseOptions(argv);
    if (options === "help") {
      console.log(HELP);
      return 0;
    }
    const isTerminal = process.stdin.isTTY && process.stdout.isTTY && !process.env.CI;
    await runSetup({
      ...{ options, env: process.env, root: PROJECT, readyLimitMs: READY_LIMIT_MS },
      ask: isTerminal ? terminal : undefined,
      say: (line) => console.log(line),
    });
    return 0;
  } catch (error) {
    if (error instanceof Cancelled) return 130;
    const isExpected = error instanceof SetupError || error instanceof UsageError;
    console.error(isExpected ? `✗ ${error.message}` : error);
    return error instanceof UsageError ? 2 : 1;
  }
}
