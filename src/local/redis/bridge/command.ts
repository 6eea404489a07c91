// What the bridge takes as a command: its parts, checked as Upstash checks them before Redis sees any.

/** An argument; bytes where they are no UTF-8. */
export type Argument = string | Buffer;

/** A command as Redis takes it: its name, then its arguments. */
export type Command = [name: string, ...args: Argument[]];

/** The request, or a command in it, is wrong; its message is what Upstash would answer. */
export class BadRequest extends Error {
  readonly status: 400 | 413;

  constructor(message?: string, status: 400 | 413 = 400) {
    super(message);
    this.status = status;
  }
}

/** Reads one command from a parsed JSON body. */
export function parseCommand(input: unknown): Command {
  if (!Array.isArray(input)) throw new BadRequest("ERR a command must be a JSON array");
  return toCommand(input.map(parseArgument));
}

/** Reads the commands of a pipeline or a transaction. */
export function parseCommands(input: unknown): Command[] {
  if (!Array.isArray(input)) throw new BadRequest("ERR a pipeline must be a JSON array");
  if (input.length === 0) throw new BadRequest("ERR empty pipeline");
  return input.map(parseCommand);
}

/** A command of these words, the first of which is its name. */
export function toCommand([name, ...args]: Argument[]): Command {
  if (!name?.length) throw new BadRequest("ERR empty command");
  return [String(name), ...args];
}

function parseArgument(value: unknown): string {
  if (value === null) throw new BadRequest("ERR null args are not supported");
  if (typeof value === "object") throw new BadRequest("ERR unsupported arg type");
  return String(value);
}
