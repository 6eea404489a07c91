// Adapts commands for Upstash to plain Redis. Removes the script flag `allow-key-locking`, which only Upstash
// supports, and translates the SHA1 that changes with it. Emulates the SCAN option WITHTYPE.
import { createHash } from "node:crypto";
import type { Argument, Command } from "./command.ts";

const FLAGS = /^#!lua flags=(\S+)/;

/** Emulates Upstash's reply to SCAN WITHTYPE: the cursor, then keys and types alternating. */
const SCAN_WITH_TYPES = `
local reply = redis.pcall("SCAN", unpack(ARGV))
if reply.err then return reply end
local pairs = {}
for _, key in ipairs(reply[2]) do
  pairs[#pairs + 1] = key
  pairs[#pairs + 1] = redis.call("TYPE", key).ok
end
return { reply[1], pairs }`;

export class BridgeScripts {
  /**
   * SHA1 of the client's script → SHA1 of the script in Redis. It is safe to lose it with the process: Redis replies
   * NOSCRIPT to an unknown SHA1, and clients then send the script again.
   */
  readonly #adapted = new Map<string, string>();

  /** Translates a client's command for Redis. */
  toRedis(command: Command): Command {
    const [name, first, second] = command;
    switch (name.toUpperCase()) {
      case "EVAL":
      case "EVAL_RO":
        return first === undefined ? command : replace(command, 1, this.#adapt(first));
      case "EVALSHA":
      case "EVALSHA_RO":
        return first === undefined ? command : replace(command, 1, this.#shaInRedis(first));
      case "SCRIPT":
        if (isLoad(command)) return replace(command, 2, this.#adapt(second ?? ""));
        return command.map((word) => this.#shaInRedis(word)) as Command; // EXISTS
      case "SCAN":
        return withTypes(command);
      default:
        return command;
    }
  }

  /** Translates Redis's reply for the client: SCRIPT LOAD returns the SHA1 of the client's script. */
  fromRedis(command: Command, reply: unknown): unknown {
    return isLoad(command) && Buffer.isBuffer(reply) ? Buffer.from(sha1(command[2] ?? "")) : reply;
  }

  #adapt(script: Argument): Argument {
    if (typeof script !== "string") return script;
    const adapted = script.replace(FLAGS, (_, flags: string) => {
      const known = flags.split(",").filter((flag) => flag !== "allow-key-locking");
      // Without other flags, remove the whole shebang line. Redis before version 7 does not support it.
      return known.length > 0 ? `#!lua flags=${known}` : "";
    });
    if (adapted !== script) this.#adapted.set(sha1(script), sha1(adapted));
    return adapted;
  }

  #shaInRedis(sha: Argument): Argument {
    return this.#adapted.get(String(sha).toLowerCase()) ?? sha;
  }
}

/** All options except WITHTYPE come in pairs. Skipping pairs avoids matching a pattern with the value WITHTYPE. */
function withTypes(command: Command): Command {
  const [, cursor = "", ...options] = command;
  let at = 0;
  while (at < options.length && String(options[at]).toUpperCase() !== "WITHTYPE") at += 2;
  if (at >= options.length) return command;
  return ["EVAL", SCAN_WITH_TYPES, "0", cursor, ...options.toSpliced(at, 1)];
}

function isLoad([name, first, second]: Command): boolean {
  return (
    name.toUpperCase() === "SCRIPT" &&
    String(first).toUpperCase() === "LOAD" &&
    second !== undefined
  );
}

function replace(command: Command, index: number, word: Argument): Command {
  return command.with(index, word) as Command;
}

function sha1(text: Argument): string {
  return createHash("sha1").update(text).digest("hex");
}
