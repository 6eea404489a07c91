// The instance a rehearsal runs against: an existing one (--url), or the built Worker started on temporary state.
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Chain } from "../../admission/draw.ts";
import { Client } from "../client.ts";
import { UsageError } from "../command-line.ts";
import { isWarning, type LogLine } from "../miniflare.ts";
import { randomNumbers } from "../random.ts";
import { startWorkerProcess } from "../spawn-miniflare.ts";
import { startServices, startStack } from "../stack.ts";
import { makeTempDir } from "../temp-dir.ts";
import type { Signer } from "./grants.ts";
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
  /** It has no demo login, so the operator signs the buyers. */
  isDeployed: boolean;
  /** Names and signs the buyers; absent if they use demo login. On a deployed instance, each sale has its own. */
  signer?: Signer;
  /** The address buyer `index` sends in its headers; undefined if the instance would ignore it. */
  ip(index: number): string | undefined;
  /** The stand-in for the beacon; undefined if the rehearsal did not start one. */
  beacon: Chain | undefined;
  /** Kills every process of the Worker and starts it again on the same state; absent if it cannot be killed. */
  restart?: () => Promise<void>;
  stop(): Promise<void>;
}

/** Connects to the instance at --url, or starts one. */
export async function openInstance(options: Options): Promise<Instance> {
  const running = await (options.url === undefined ? startOwn(options) : existing(options.url));
  const { url, stop } = running;
  try {
    const client = new Client(url, options.adminToken);
    if (options.url !== undefined) await assertOperates(client);
    const payments = running.payments ?? (await paymentsAt(client, options.provider));
    const clockErrorMs = isLocal(url) ? 0 : await client.syncClock();
    const isDeployed = (await client.login("")).status === 404;
    return {
      ...running,
      ...{ client, payments, clockErrorMs },
      random: (name) => randomNumbers(options.seed, name),
      run: randomBytes(4).toString("hex"),
      isOwn: options.url === undefined,
      isDeployed,
      ip: (index) => (isLocal(url) && !isDeployed ? addressOf(index) : undefined),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** @throws {UsageError} unless this is the address of an instance, and its operator's token */
async function assertOperates(client: Client): Promise<void> {
  const { status } = await client.admin("GET", "/sales").catch((error: Error) => {
    const { message } = (error.cause ?? error) as Error;
    throw new UsageError(`${client.url} does not answer: ${message}.`);
  });
  if (status === 401) throw new UsageError(`ADMIN_TOKEN is not an operator's at ${client.url}.`);
  if (status !== 200) {
    const what = `GET /api/admin/sales returned ${status}`;
    throw new UsageError(`${client.url} does not answer as Doorbuster does: ${what}.`);
  }
}

type Running = Pick<Instance, "log" | "beacon" | "restart" | "stop"> & {
  url: string;
  payments?: Payments;
};

function existing(url: string): Running {
  return { url, log: undefined, beacon: undefined, stop: async () => {} };
}

/** An instance whose line is rehearsed runs in processes of its own, so that they can be killed. */
const startOwn = (options: Options): Promise<Running> =>
  options.admission === undefined ? startVisible(options) : startKillable();

/** How workerd reports an alarm that was due while the instance was down. */
const OVERDUE = /SQLite alarm overdue/;

async function startKillable(): Promise<Running> {
  const stateDir = makeTempDir("rehearse");
  const services = await startServices(stateDir);
  const vars = { ...services.vars, ...CHALLENGES };
  const log: LogLine[] = [];
  const onLog = (line: LogLine) => {
    if (!OVERDUE.test(line.message)) log.push(line);
  };
  const settings = { stateDir: join(stateDir, "worker"), vars, onLog };
  let worker = await startWorkerProcess(settings);
  const { url } = worker;
  return {
    ...{ url, log, beacon: services.drand.chain },
    async restart() {
      await worker.kill();
      worker = await startWorkerProcess({ ...settings, port: Number(new URL(url).port) });
    },
    async stop() {
      await worker.stop();
      await services.stop();
    },
  };
}

async function startVisible({ provider, seed }: Options): Promise<Running> {
  await using parts = new AsyncDisposableStack();
  const log: LogLine[] = [];
  const onLog = (line: LogLine) => {
    if (isWarning(line)) log.push(line);
  };
  const stateDir = makeTempDir("rehearse");
  const stripe =
    provider === "stripe" ? await startOwnStripe(randomNumbers(seed, "events")) : undefined;
  if (stripe) parts.defer(stripe.stop);
  const { url, drand, stop } = await startStack({
    stateDir,
    vars: { ...CHALLENGES, ...stripe?.vars },
    onLog,
  });
  parts.defer(stop);
  stripe?.connect(url);
  const all = parts.move();
  const payments = stripe && { payments: stripe.payments };
  return { url, log, beacon: drand.chain, ...payments, stop: () => all.disposeAsync() };
}

/**
 * A distinct address per buyer, from the range reserved for benchmarks (RFC 2544). Adjacent buyers are in
 * different networks, because many accounts in one /24 would look like a bot farm.
 */
export function addressOf(index: number): string {
  return `198.${18 + (index & 1)}.${(index >> 1) & 255}.${(index >> 9) & 255}`;
}
