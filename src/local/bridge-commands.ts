// What the bridge accepts as a command: the checks Upstash makes before a command reaches Redis.

/** A command as Redis takes it: its name, then its arguments. */
export type Command = [name: string, ...args: string[]];

/** The request, or a command in it, is wrong; its message is what Upstash would answer. */
export class BadRequest extends Error {
  readonly status: 400 | 413;

  constructor(message?: string, status: 400 | 413 = 400) {
    super(message);
    this.status = status;
  }
}

// On Upstash's HTTP API these do not exist, and on a connection that all requests share they would
// change its state for everybody, hold everybody up, or end the server.
const REFUSED = new Set(
  `ASKING AUTH CLIENT HELLO QUIT READONLY READWRITE RESET SELECT
   MULTI EXEC DISCARD WATCH UNWATCH
   SUBSCRIBE PSUBSCRIBE SSUBSCRIBE UNSUBSCRIBE PUNSUBSCRIBE SUNSUBSCRIBE MONITOR SYNC PSYNC
   BLMOVE BLMOVEM BLMPOP BLPOP BRPOP BRPOPLPUSH BZMPOP BZPOPMAX BZPOPMIN WAIT WAITAOF
   CONFIG DEBUG FAILOVER HIMPORT MODULE REPLICAOF SHUTDOWN SLAVEOF`.split(/\s+/),
);

/** Reads one command from a parsed JSON body. */
export function parseCommand(input: unknown): Command {
  if (!Array.isArray(input)) throw new BadRequest("ERR a command must be a JSON array");
  const [name, ...args] = input.map(parseArgument);
  if (!name) throw new BadRequest("ERR empty command");
  return [name, ...args];
}

/** Reads the commands of a pipeline or a transaction. */
export function parseCommands(input: unknown): Command[] {
  if (!Array.isArray(input)) throw new BadRequest("ERR a pipeline must be a JSON array");
  if (input.length === 0) throw new BadRequest("ERR empty pipeline");
  return input.map(parseCommand);
}

/** Why a command cannot be run over HTTP, if so. */
export function refusal([name, ...args]: Command): string | undefined {
  const command = name.toUpperCase();
  if (!REFUSED.has(command) && !blocks(command, args) && !debugsScripts(command, args)) return;
  return `ERR Command is not available: '${command}'`;
}

function parseArgument(value: unknown): string {
  if (value === null) throw new BadRequest("ERR null args are not supported");
  if (typeof value === "object") throw new BadRequest("ERR unsupported arg type");
  return String(value);
}

/** XREAD and XREADGROUP wait only when told to, before the word STREAMS that starts the keys. */
function blocks(command: string, args: string[]): boolean {
  if (command !== "XREAD" && command !== "XREADGROUP") return false;
  const words = args.map((arg) => arg.toUpperCase());
  const options = words.slice(command === "XREADGROUP" ? 3 : 0, words.indexOf("STREAMS"));
  return options.includes("BLOCK");
}

function debugsScripts(command: string, [first]: string[]): boolean {
  return command === "SCRIPT" && first?.toUpperCase() === "DEBUG";
}
