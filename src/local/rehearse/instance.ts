// The instance a rehearsal runs against: an existing one (--url), or the built Worker started on temporary state.
import { randomBytes } from "node:crypto";
import { Client } from "../client.ts";
import type { LogLine } from "../miniflare.ts";
import { randomNumbers } from "../random.ts";
import { startStack } from "../stack.ts";
import { makeTempDir } from "../temp-dir.ts";
import { tokenSigner } from "../tokens.ts";
import { isLocal, type Options } from "./options.ts";
import { startOwnStripe } from "./own-stripe.ts";
import { type Payments, paymentsAt } from "./payments.ts";

/** Placeholder settings that enable challenges. Simulated buyers never solve one, so nothing is ever verified. */
const CHALLENGES = {
  TURNSTILE_SITE_KEY: "rehearsal",
  TURNSTILE_SECRET: "rehearsal",
  TURNSTILE_VERIFY_URL: "http://127.0.0.1:9/",
};

export interface Instance {
  client: Client;
  /** Part of every user name and key, so that rehearsals and scenarios do not collide. */
  run: string;
  /** Undefined if only free SKUs can be rehearsed, so that no real card is charged. */
  payments: Payments | undefined;
  /** Random numbers that repeat with --seed, one stream for each name. */
  random(name: string): () => number;
  /** The rehearsal started it, with challenges enabled. */
  isOwn: boolean;
  /** Largest possible error of the client's estimate of the server's clock, in milliseconds. */
  clockErrorMs: number;
  /** Warnings and errors the Worker logged; undefined with --url, where the log is not visible. */
  log: LogLine[] | undefined;
  /** Signs a buyer's token with --auth-secret; absent if buyers use demo login. */
  sign?: (user: string) => Promise<string>;
  /** The address buyer `index` sends in its headers; undefined if the instance would ignore it. */
  ip(index: number): string | undefined;
  stop(): Promise<void>;
}

/** Connects to the instance at --url, or starts one. */
export async function openInstance(options: Options): Promise<Instance> {
  const running = options.url === undefined ? await startOwn(options) : existing(options.url);
  const { url, log, stop } = running;
  try {
    const client = new Client(url, options.adminToken);
    const payments = running.payments ?? (await paymentsAt(client, options.provider));
    const clockErrorMs = isLocal(url) ? 0 : await client.syncClock();
    const { authSecret } = options;
    return {
      ...{ client, payments, clockErrorMs, log, stop },
      random: (name) => randomNumbers(options.seed, name),
      run: randomBytes(4).toString("hex"),
      isOwn: options.url === undefined,
      ...(authSecret !== undefined && { sign: tokenSigner(authSecret) }),
      ip: (index) => (isLocal(url) ? address(index) : undefined),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

type Running = Pick<Instance, "log" | "stop"> & { url: string; payments?: Payments };

function existing(url: string): Running {
  return { url, log: undefined, stop: async () => {} };
}

async function startOwn({ provider, seed }: Options): Promise<Running> {
  await using parts = new AsyncDisposableStack();
  const log: LogLine[] = [];
  const onLog = (line: LogLine) => {
    if (line.level === "warn" || line.level === "error") {
      log.push(line);
    }
  };
  const stateDir = makeTempDir("rehearse");
  const stripe =
    provider === "stripe" ? await startOwnStripe(randomNumbers(seed, "events")) : undefined;
  if (stripe) parts.defer(stripe.stop);
  const { url, stop } = await startStack({
    stateDir,
    vars: { ...CHALLENGES, ...stripe?.vars },
    onLog,
  });
  parts.defer(stop);
  stripe?.connect(url);
  const all = parts.move();
  const payments = stripe && { payments: stripe.payments };
  return { url, log, ...payments, stop: () => all.disposeAsync() };
}

/**
 * A distinct address per buyer, from the range reserved for benchmarks (RFC 2544). Adjacent buyers are in
 * different networks, because many accounts in one /24 would look like a bot farm.
 */
function address(index: number): string {
  return `198.${18 + (index & 1)}.${(index >> 1) & 255}.${(index >> 9) & 255}`;
}
