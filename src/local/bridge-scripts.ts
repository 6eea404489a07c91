// Lets plain Redis run Lua scripts written for Upstash: drops the flag `allow-key-locking`, which
// only Upstash knows, and hides that the script has another SHA1 then.
import { createHash } from "node:crypto";
import type { Command } from "./bridge-commands.ts";

const FLAGS = /^#!lua flags=(\S+)/;

export class BridgeScripts {
  /**
   * SHA1 of what the client sent → SHA1 of what Redis has. Lost with the process, harmlessly: an
   * unknown SHA1 gets NOSCRIPT from Redis, upon which clients send the script again.
   */
  readonly #adapted = new Map<string, string>();

  /** The command as Redis must get it. */
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
      default:
        return command;
    }
  }

  /** The reply as the client expects it: SCRIPT LOAD gives the SHA1 of what the client sent. */
  fromRedis(command: Command, reply: unknown): unknown {
    return isLoad(command) && Buffer.isBuffer(reply) ? Buffer.from(sha1(command[2] ?? "")) : reply;
  }

  #adapt(script: string): string {
    const adapted = script.replace(FLAGS, (_, flags: string) => {
      const known = flags.split(",").filter((flag) => flag !== "allow-key-locking");
      // Without any flag the whole mark goes: Redis before 7 does not know it.
      return known.length > 0 ? `#!lua flags=${known}` : "";
    });
    if (adapted !== script) this.#adapted.set(sha1(script), sha1(adapted));
    return adapted;
  }

  #shaInRedis(sha: string): string {
    return this.#adapted.get(sha.toLowerCase()) ?? sha;
  }
}

function isLoad([name, first, second]: Command): boolean {
  return name.toUpperCase() === "SCRIPT" && first?.toUpperCase() === "LOAD" && second !== undefined;
}

function replace(command: Command, index: number, word: string): Command {
  return command.with(index, word) as Command;
}

function sha1(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}
