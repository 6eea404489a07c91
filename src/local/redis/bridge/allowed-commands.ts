// Decides which commands may run on the connection that all requests share: those that Redis describes as sending
// exactly one reply at once and leaving the state of the connection unchanged. All other commands are refused,
// because one missing or extra reply would shift the replies of every later client.
import type { Argument, Command } from "./command.ts";

/**
 * One row of Redis's reply to `COMMAND`: name, arity, flags, and more. Since Redis 7, the tenth element contains
 * the rows of the subcommands, which are named `parent|sub`.
 */
type Description = [name: string, arity: string, flags: string[], ...rest: unknown[]];

// Flags of commands that block or are not allowed in scripts. The same reasons rule them out here.
const UNSHARABLE = new Set(["admin", "blocking", "noscript"]);

// Safe in spite of their flags. Redis flags scripts to forbid scripts within scripts. XREAD and XREADGROUP block
// only with the option BLOCK.
const SHARABLE = /^(EVAL|EVALSHA|FCALL)(_RO)?$|^(FUNCTION|SCRIPT)(\||$)|^XREAD(GROUP)?$/;

// Unsafe in spite of missing flags. They change the connection or its database, block all clients, or (`POST` and
// `HOST:`, which Redis treats as an attack) close the connection.
const UNFLAGGED = new Set(
  "ASKING HOST: MIGRATE POST READONLY READWRITE SCRIPT|DEBUG SELECT SWAPDB".split(" "),
);

/** The number of arguments of each option of XREAD and XREADGROUP. */
const XREAD_OPTIONS: Record<string, number> = { CLAIM: 1, COUNT: 1, GROUP: 2 };

export class AllowedCommands {
  readonly #names = new Set<string>();
  readonly #containers = new Set<string>();

  /** `descriptions` is Redis's reply to `COMMAND`. */
  constructor(descriptions: unknown) {
    for (const [name, , flags, ...rest] of descriptions as Description[]) {
      this.#add(name, flags);
      const subcommands = (rest[6] ?? []) as Description[];
      if (subcommands.length > 0) this.#containers.add(name.toUpperCase());
      for (const [subcommand, , subflags] of subcommands) this.#add(subcommand, subflags);
    }
  }

  /**
   * Returns Upstash's error message for a command that cannot run over HTTP or that this Redis does not have.
   * Undefined if the command may run.
   */
  refusal([name, ...args]: Command): string | undefined {
    const command = name.toUpperCase();
    if (this.#has(command, args) && !(command.startsWith("XREAD") && blocks(args))) return;
    return `ERR Command is not available: '${command}'. See https://upstash.com/docs/redis/overall/rediscompatibility for details`;
  }

  #add(name: string, flags: string[]): void {
    const command = name.toUpperCase();
    if (UNFLAGGED.has(command)) return;
    if (SHARABLE.test(command) || !flags.some((flag) => UNSHARABLE.has(flag))) {
      this.#names.add(command);
    }
  }

  #has(command: string, [first]: Argument[]): boolean {
    const name =
      first !== undefined && this.#containers.has(command) ? `${command}|${upper(first)}` : command;
    return this.#names.has(name);
  }
}

/** Whether XREAD or XREADGROUP would block. Parses the options as Redis does, up to STREAMS. */
function blocks(args: Argument[]): boolean {
  for (let at = 0; at < args.length; at += 1) {
    const option = upper(args[at] ?? "");
    if (option === "STREAMS") return false;
    if (option === "BLOCK") return true;
    at += XREAD_OPTIONS[option] ?? 0;
  }
  return false;
}

function upper(word: Argument): string {
  return String(word).toUpperCase();
}
