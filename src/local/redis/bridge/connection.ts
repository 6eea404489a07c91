// Runs the commands of all HTTP requests on one shared Redis connection.
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

  /** Connects, and reconnects automatically later. @throws if Redis cannot be reached now */
  static async connect(url: string): Promise<BridgeRedis> {
    const redis = new Redis(url, {
      lazyConnect: true,
      protocol: 2, // Upstash's replies have the shapes of RESP2
      stringNumbers: true, // a double would round integers above 2^53
      retryStrategy: () => 50,
      // While Redis is down, requests fail at once. Nothing is queued or sent twice.
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

  /** Runs commands in order. Each succeeds or fails on its own. Commands of other requests may run in between. */
  async pipeline(commands: Command[]): Promise<Outcome[]> {
    const refusals = commands.map((command) => this.#allowed.refusal(command));
    const replies = (await this.#send(commands.filter((_, i) => !refusals[i]))).values();
    return commands.map((command, i) => {
      const refused = refusals[i];
      return refused ? { error: refused } : this.#outcome(command, replies.next().value);
    });
  }

  /** Runs commands as one transaction: all of them with no other command in between, or none. */
  async transaction(commands: Command[]): Promise<Outcome[]> {
    const refused = commands
      .map((command) => this.#allowed.refusal(command))
      .find((text) => text !== undefined);
    if (refused) throw discarded(refused);
    // Send everything in one write, so that no other request's command gets in between.
    const replies = await this.#send([["MULTI"], ...commands, ["EXEC"]]);
    const results = replies.at(-1);
    if (!Array.isArray(results)) {
      throw discarded(replies.find((reply) => reply instanceof Error)?.message);
    }
    return commands.map((command, i) => this.#outcome(command, results[i]));
  }

  /** Opens a connection for one stream. It does not reconnect: when it breaks, the stream ends. */
  async separate(options: RedisOptions): Promise<Redis> {
    const connection = this.#redis.duplicate({ ...options, retryStrategy: () => null });
    connection.on("error", () => {}); // the `end` event follows
    await connection.connect();
    return connection;
  }

  close(): void {
    this.#redis.disconnect();
  }

  /** Returns replies, including error replies. @throws if Redis cannot be reached */
  async #send(commands: Command[]): Promise<unknown[]> {
    const pipeline = this.#redis.pipeline();
    for (const command of commands) {
      const [name, ...args] = this.#scripts.toRedis(command);
      // ioredis does not recognize uppercase names, so it leaves arguments and replies unchanged.
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
