// Runs the commands of HTTP requests on Redis, over one connection that all requests share.
import { Redis, type RedisOptions } from "ioredis";
import { AllowedCommands } from "./allowed-commands.ts";
import { BadRequest, type Command } from "./command.ts";
import type { Outcome } from "./replies.ts";
import { BridgeScripts } from "./scripts.ts";

export class BridgeRedis {
  readonly #redis: Redis;
  readonly #allowed: AllowedCommands;
  readonly #scripts = new BridgeScripts();

  private constructor(redis: Redis, allowed: AllowedCommands) {
    this.#redis = redis;
    this.#allowed = allowed;
  }

  /** Connects, and from then on reconnects by itself; throws if there is no Redis now. */
  static async connect(url: string): Promise<BridgeRedis> {
    const redis = new Redis(url, {
      lazyConnect: true,
      protocol: 2, // Upstash answers in the shapes of RESP2
      stringNumbers: true, // a double would round integers beyond 2^53
      retryStrategy: () => 50,
      // While Redis is away a request fails at once; nothing is kept, or sent twice, for later.
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
    });
    let reason: Error | undefined;
    redis.on("error", (error) => {
      reason = error;
    });
    try {
      await redis.connect();
      return new BridgeRedis(redis, new AllowedCommands(await redis.call("COMMAND")));
    } catch (error) {
      redis.disconnect();
      throw new Error(`Redis cannot be reached: ${(reason ?? (error as Error)).message}`);
    }
  }

  /** Runs commands in order, each succeeding or failing for itself; others may run in between. */
  async pipeline(commands: Command[]): Promise<Outcome[]> {
    const refusals = commands.map((command) => this.#allowed.refusal(command));
    const replies = (await this.#send(commands.filter((_, i) => !refusals[i]))).values();
    return commands.map((command, i) => {
      const refused = refusals[i];
      return refused ? { error: refused } : this.#outcome(command, replies.next().value);
    });
  }

  /** Runs commands as one transaction: none of them, or all with nothing in between. */
  async transaction(commands: Command[]): Promise<Outcome[]> {
    const refused = commands
      .map((command) => this.#allowed.refusal(command))
      .find((text) => text !== undefined);
    if (refused) throw discarded(refused);
    // One write on one connection, so that no other request's command gets in between.
    const replies = await this.#send([["MULTI"], ...commands, ["EXEC"]]);
    const results = replies.at(-1);
    if (!Array.isArray(results)) {
      throw discarded(replies.find((reply) => reply instanceof Error)?.message);
    }
    return commands.map((command, i) => this.#outcome(command, results[i]));
  }

  /** A connection for one stream alone. When it breaks, it is gone, and so is the stream. */
  async separate(options: RedisOptions): Promise<Redis> {
    const connection = this.#redis.duplicate({ ...options, retryStrategy: () => null });
    connection.on("error", () => {}); // told by its end
    await connection.connect();
    return connection;
  }

  close(): void {
    this.#redis.disconnect();
  }

  /** Error replies are returned; throws when Redis cannot be reached. */
  async #send(commands: Command[]): Promise<unknown[]> {
    const pipeline = this.#redis.pipeline();
    for (const command of commands) {
      const [name, ...args] = this.#scripts.toRedis(command);
      // In upper case ioredis knows no command, and leaves arguments and replies as they are.
      pipeline.callBuffer(name.toUpperCase(), args);
    }
    const outcomes = (await pipeline.exec()) ?? [];
    return outcomes.map(([error, reply]) => {
      if (error && error.name !== "ReplyError") {
        throw new Error("ERR Redis cannot be reached", { cause: error });
      }
      return error ?? reply;
    });
  }

  #outcome(command: Command, reply: unknown): Outcome {
    if (reply instanceof Error) return { error: reply.message };
    return { result: this.#scripts.fromRedis(command, reply) };
  }
}

function discarded(cause: string | undefined): BadRequest {
  return new BadRequest(`EXECABORT Transaction discarded because of: ${cause}`);
}
