// What the command lines of this project share: options, their faults in one line, and the exit status.
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { type ParseArgsConfig, parseArgs } from "node:util";

/** Bad usage. The message is one sentence for the user. */
export class UsageError extends Error {}

/** The environment, in which npm leaves the options that it took for its own. */
export type Environment = Record<string, string | undefined>;

/**
 * As `parseArgs`, together with options that npm consumed and put into `env`: `npm run rehearse --bots 0.5`.
 * @throws {UsageError}
 */
export function parse<const Config extends ParseArgsConfig & { args: string[] }>(
  config: Config,
  env: Environment = {},
): ReturnType<typeof parseArgs<Config>> {
  try {
    return parseArgs({ ...config, args: withNpmFlags(config, env) });
  } catch (error) {
    const [sentence = ""] = (error as Error).message.split(/\.\s|\n/);
    throw new UsageError(`${sentence}.`);
  }
}

/**
 * Without the `--` before the options, npm turns a flag into an environment variable and passes only its value on. This restores
 * the flags in the order they were typed.
 */
function withNpmFlags(
  { args, options = {} }: ParseArgsConfig & { args: string[] },
  env: Environment,
) {
  const consumed = Object.keys(options).filter((name) => env[npmVariable(name)] === "true");
  const order = Object.keys(env);
  consumed.sort((a, b) => order.indexOf(npmVariable(a)) - order.indexOf(npmVariable(b)));
  if (consumed.length === 0 || args.some((word) => word.startsWith("-"))) return args;
  const hasValue = (name: string) => options[name]?.type === "string";
  const valued = consumed.filter(hasValue);
  const bare = consumed.filter((name) => !hasValue(name)).map((name) => `--${name}`);
  if (valued.length === 0) return [...bare, ...args];
  if (valued.length !== args.length) return args;
  return [...bare, ...valued.flatMap((name, at) => [`--${name}`, args[at] as string])];
}

const npmVariable = (name: string): string => `npm_config_${name.replaceAll("-", "_")}`;

/** A whole number from 1 to `max`. @throws {UsageError} */
export function count(name: string, text: string, max: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > max) {
    throw new UsageError(`${name} must be a whole number from 1 to ${max}, not "${text}".`);
  }
  return value;
}

/** The path of a file to write, which is looked at before the work that the file is about. @throws {UsageError} */
export function outputFile(name: string, path: string): string {
  try {
    const isThere = path === "" || existsSync(path);
    accessSync(isThere ? path : `${dirname(path)}/`, constants.W_OK);
    if (!isThere || !statSync(path).isDirectory()) return path;
  } catch {
    // Not writable.
  }
  throw new UsageError(`${name}: "${path}" cannot be written. Does its folder exist?`);
}

/**
 * Runs a command, or says in one line what is wrong with its options.
 *
 * @param read parses the options
 * @param run returns the exit status
 * @returns the exit status. 2: bad usage, 1: it failed
 */
export async function runCommand<Options extends object>(
  help: string,
  read: () => Options | "help",
  run: (options: Options) => Promise<number>,
): Promise<number> {
  try {
    const options = read();
    if (options !== "help") return await run(options);
    console.log(help);
    return 0;
  } catch (error) {
    console.error(error instanceof UsageError ? `${error.message} Try --help` : error);
    return error instanceof UsageError ? 2 : 1;
  }
}
