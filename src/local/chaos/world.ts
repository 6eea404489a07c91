// The world of a game day: the deployed Worker in a process of its own, and everything it depends on, each part of which can
// be broken: Redis and its bridge, a bank, the queues, and the shop's receiver of webhooks.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { Redis } from "ioredis";
import { Client } from "../client.ts";
import { buildWorker, type LogLine } from "../miniflare.ts";
import { randomNumbers } from "../random.ts";
import { startBridge } from "../redis/bridge/server.ts";
import { type LocalRedis, startRedis } from "../redis/start-redis.ts";
import { addressOf, type Instance } from "../rehearse/instance.ts";
import { startOwnStripe } from "../rehearse/own-stripe.ts";
import {
  LOCAL_ADMIN_TOKEN,
  LOCAL_AUTH_SECRET,
  LOCAL_BRIDGE_TOKEN,
  localVars,
} from "../settings.ts";
import { startWorkerProcess, type WorkerProcess } from "../spawn-miniflare.ts";
import { makeTempDir } from "../temp-dir.ts";
import { tokenSigner } from "../tokens.ts";
import type { QueueFault } from "./queue-fault.ts";
import { startWire, type Wire } from "./wire.ts";

/** Signs the shop's webhooks and the alerts. The receiver does not verify them: that is tested elsewhere. */
const WEBHOOK_SECRET = `whsec_${Buffer.from("a secret of a game day, 32 bytes").toString("base64")}`;

const MINUTE_MS = 60_000;

/** What the shop and the operator were told. */
export interface Told {
  /** Ids of orders that came with an event. Without being asked for others, the shop gets events about final orders only. */
  orders: Set<string>;
  /** Alerts that started: the rule, and when the notice came. */
  alerts: { rule: string; at: number }[];
}

export interface World {
  instance: Instance;
  /** The connections to Redis (its REST API), to the bank, and to the shop. */
  wires: { redis: Wire; bank: Wire; shop: Wire };
  /** Runs a command at Redis itself. */
  redisCommand(name: string, ...values: (string | number)[]): Promise<unknown>;
  freezeRedis(): void;
  thawRedis(): void;
  stopRedis(): Promise<void>;
  startRedis(): Promise<void>;
  /** Sends SIGKILL to every process of the Worker, and starts it again on the same state. */
  killWorker(): Promise<void>;
  queues(fault: QueueFault): Promise<void>;
  /** Runs what Cloudflare runs every minute. */
  everyMinute(): Promise<void>;
  told: Told;
}

/** Starts everything, and stops it with the stack of `parts`. */
export async function startWorld(seed: number, parts: AsyncDisposableStack): Promise<World> {
  const stateDir = makeTempDir("chaos");
  const redis = await startBreakableRedis(join(stateDir, "redis"));
  parts.defer(redis.end);
  const bridge = await startBridge({ redisUrl: redis.url, token: LOCAL_BRIDGE_TOKEN });
  parts.defer(bridge.stop);
  const bank = await startOwnStripe(randomNumbers(seed, "events"));
  parts.defer(bank.stop);
  const shop = await startShop();
  parts.defer(shop.stop);
  const wires = {
    redis: await startWire(bridge.url),
    bank: await startWire(bank.vars.STRIPE_API_URL as string),
    shop: await startWire(shop.url),
  };
  for (const wire of Object.values(wires)) parts.defer(wire.stop);
  const worker = await startWorker(join(stateDir, "worker"), {
    ...localVars(wires.redis.url),
    ...bank.vars,
    STRIPE_API_URL: wires.bank.url,
    ORDER_WEBHOOK_URL: `${wires.shop.url}/orders`,
    ORDER_WEBHOOK_SECRET: WEBHOOK_SECRET,
    ALERT_WEBHOOK_URL: `${shop.url}/alerts`,
    ALERT_WEBHOOK_SECRET: WEBHOOK_SECRET,
  });
  parts.defer(worker.stop);
  bank.connect(worker.url);
  parts.defer(repeat(worker.everyMinute, MINUTE_MS));
  const { killWorker, queues, everyMinute } = worker;
  const instance = instanceAt(worker.url, seed, bank.payments, killWorker);
  const { url: _, end: __, ...redisControls } = redis;
  return { instance, wires, ...redisControls, killWorker, queues, everyMinute, told: shop.told };
}

/** Runs `work` again and again. @returns how to end that */
function repeat(work: () => Promise<void>, everyMs: number): () => void {
  const timer = setInterval(() => void work().catch(() => {}), everyMs); // fails while the Worker is down
  return () => clearInterval(timer);
}

const instanceAt = (
  url: string,
  seed: number,
  payments: NonNullable<Instance["payments"]>,
  restart: () => Promise<void>,
): Instance => ({
  client: new Client(url, LOCAL_ADMIN_TOKEN),
  run: "chaos",
  payments,
  random: (name) => randomNumbers(seed, name),
  ...{ isOwn: true, clockErrorMs: 0, log: undefined, beacon: undefined },
  isDeployed: false,
  signer: { userOf: (name) => name, sign: tokenSigner(LOCAL_AUTH_SECRET) },
  ip: addressOf,
  restart,
  stop: async () => {},
});

async function startBreakableRedis(dataDir: string) {
  let redis: LocalRedis = await startRedis({ dataDir });
  const { url } = redis;
  const port = Number(new URL(url).port);
  const connection = new Redis(url, { retryStrategy: () => 50 });
  connection.on("error", () => {}); // it reconnects
  return {
    url,
    redisCommand: (name: string, ...values: (string | number)[]) =>
      connection.call(name, ...values),
    freezeRedis: () => redis.signal("SIGSTOP"),
    thawRedis: () => redis.signal("SIGCONT"),
    stopRedis: () => redis.stop(),
    async startRedis() {
      redis = await startRedis({ dataDir, port });
    },
    async end() {
      connection.disconnect();
      await redis.stop();
    },
  };
}

async function startWorker(stateDir: string, vars: Record<string, string>) {
  const entry = "src/local/chaos/chaotic-worker.ts";
  const script = await buildWorker({ config: "wrangler.toml", entry });
  const settings = { stateDir, vars, script, onLog: (_: LogLine) => {} };
  let worker: WorkerProcess = await startWorkerProcess(settings);
  const { url } = worker;
  const post = (path: string, body: string) =>
    fetch(`${url}/_chaos/${path}`, { method: "POST", body }).then(() => {});
  return {
    url,
    stop: () => worker.stop(),
    async killWorker() {
      await worker.kill();
      worker = await startWorkerProcess({ ...settings, port: Number(new URL(url).port) });
    },
    queues: (fault: QueueFault) => post("queue", fault),
    everyMinute: () => post("scheduled", ""),
  };
}

/** An event about an order, or news of an alert. */
interface Message {
  type: string;
  order?: { id: string };
  alert?: { rule: string };
}

/** The shop's receiver of events, and the operator's of alerts. */
async function startShop() {
  const told: Told = { orders: new Set(), alerts: [] };
  const server = createServer(async (request, response) => {
    const { type, order, alert } = (await json(request)) as Message;
    if (order) told.orders.add(order.id);
    if (alert && type === "alert.started") told.alerts.push({ rule: alert.rule, at: Date.now() });
    response.writeHead(204).end();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    told,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
