// Parses commands and validates them as Upstash does, before any of them reaches Redis.

/** An argument. A Buffer if the bytes are not valid UTF-8. */
export type Argument = string | Buffer;

/** A command's name, then its arguments. */
export type Command = [name: string, ...args: Argument[]];

/** The request or one of its commands is invalid. The message is the one that Upstash returns. */
export class BadRequest extends Error {
  readonly status: 400 | 413;

  constructor(message?: string, status: 400 | 413 = 400) {
    super(message);
    this.status = status;
  }
}

/** Parses one command of a JSON body. @throws BadRequest */
export function parseCommand(input: unknown): Command {
  if (!Array.isArray(input)) throw new BadRequest("ERR a command must be a JSON array");
  return toCommand(input.map(parseArgument));
}

/** Parses the commands of a pipeline or a transaction. @throws BadRequest */
export function parseCommands(input: unknown): Command[] {
  if (!Array.isArray(input)) throw new BadRequest("ERR a pipeline must be a JSON array");
  if (input.length === 0) throw new BadRequest("ERR empty pipeline");
  return input.map(parseCommand);
}

/** Builds a command from its name and arguments. @throws BadRequest if the name is empty */
export function toCommand([name, ...args]: Argument[]): Command {
  if (!name?.length) throw new BadRequest("ERR empty command");
  return [String(name), ...args];
}

function parseArgument(value: unknown): string {
  if (value === null) throw new BadRequest("ERR null args are not supported");
  if (typeof value === "object") throw new BadRequest("ERR unsupported arg type");
  return String(value);
}
