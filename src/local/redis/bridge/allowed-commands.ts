// Which commands may run on the connection that all requests share: those that Redis itself describes as
// answering at once, exactly once, and leaving the connection as it was. All others are refused, known or not,
// because one reply too few or too many would hand every later client the answer to someone else's command.
import type { Argument, Command } from "./command.ts";

/**
 * One row of Redis's reply to `COMMAND`: name, arity, flags, and, as the tenth element since Redis 7, the
 * rows of its subcommands, whose names are `parent|sub`.
 */
type Description = [name: string, arity: string, flags: string[], ...rest: unknown[]];

// Redis keeps these out of scripts, or marks them as waiting, for the reasons that keep them out of here.
const UNSHARABLE = new Set(["admin", "blocking", "noscript"]);

// Flagged, too, but sharable: scripts within scripts are all that Redis forbids here. XREAD and XREADGROUP
// wait only when told to.
const SHARABLE = /^(EVAL|EVALSHA|FCALL)(_RO)?$|^(FUNCTION|SCRIPT)(\||$)|^XREAD(GROUP)?$/;

// Not flagged, but they change the connection or the database behind it, hold everybody up, or (`POST` and
// `HOST:`, which Redis takes for an attack) end the connection.
const UNFLAGGED = new Set(
  "ASKING HOST: MIGRATE POST READONLY READWRITE SCRIPT|DEBUG SELECT SWAPDB".split(" "),
);

/** How many words follow each option of XREAD and XREADGROUP. */
const XREAD_OPTIONS: Record<string, number> = { CLAIM: 1, COUNT: 1, GROUP: 2 };

export class AllowedCommands {
  readonly #names = new Set<string>();
  readonly #containers = new Set<string>();

  /** From Redis's reply to `COMMAND`. */
  constructor(descriptions: unknown) {
    for (const [name, , flags, ...rest] of descriptions as Description[]) {
      this.#add(name, flags);
      const subcommands = (rest[6] ?? []) as Description[];
      if (subcommands.length > 0) this.#containers.add(name.toUpperCase());
      for (const [subcommand, , subflags] of subcommands) this.#add(subcommand, subflags);
    }
  }

  /** Upstash's refusal of a command that cannot run over HTTP, or that this Redis does not have. */
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

/** Whether XREAD or XREADGROUP would wait; reads the options as Redis does, up to STREAMS before the keys. */
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
