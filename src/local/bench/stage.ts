// Where the bench plays: Redis, the bridge, and one workerd with Doorbuster and the bare comparator in
// it, each on a socket of its own so that nothing of Miniflare stands between the client and them.
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Client, expectOk, type SaleInput, type Sku } from "../client.ts";
import { buildWorker, startMiniflare, workerOptions } from "../miniflare.ts";
import { LOCAL_ADMIN_TOKEN, LOCAL_AUTH_SECRET } from "../settings.ts";
import { makeTempDir } from "../temp-dir.ts";
import { tokenSigner } from "../tokens.ts";
import { type DistantRedis, startRedisThread } from "./spawn-redis-thread.ts";

const COMPARATOR = { config: "src/local/bench/comparator.toml" };
const DAY_MS = 86_400_000;
const SETTLE_MS = 120_000;

/** SKUs of the bench's sale. `crowd` and `paid` never run out; `gone` has one unit. */
export const CROWD = "bench-crowd";
export const PAID = "bench-paid";
export const GONE = "bench-gone";
/** One attempt each, then over the limit. */
export const LIMITED = "bench-limited";
/** Its sale challenges everybody. */
export const CHALLENGED = "bench-challenged";
/** Its sale opens tomorrow. */
export const LATER = "bench-later";
export const SALE = "bench";

/** Nobody solves a challenge here, so nobody verifies one. */
const CHALLENGES = { TURNSTILE_SITE_KEY: "bench", TURNSTILE_SECRET: "bench" };

/** A running pair of Workers. */
export interface Stage {
  ours: URL;
  bare: URL;
  client: Client;
  redis: DistantRedis;
  sign: (user: string) => Promise<string>;
  stop(): Promise<void>;
}

/** Starts the stage with the Worker as deployed, or with another `entry` around it. */
export async function startStage(entry = "src/index.ts"): Promise<Stage> {
  const stateDir = makeTempDir("bench");
  const redis = await startRedisThread(stateDir);
  const direct = { unsafeDirectSockets: [{ host: "127.0.0.1" }] };
  const built = await buildWorker({ config: "wrangler.toml", entry });
  const worker = { ...workerOptions(built, { ...redis.vars, ...CHALLENGES }), ...direct };
  const bare = {
    ...workerOptions(await buildWorker(COMPARATOR), redis.vars, COMPARATOR),
    ...direct,
  };
  const miniflare = startMiniflare([worker, bare], { stateDir: join(stateDir, "worker") });
  await miniflare.ready;
  const [ours, other] = await Promise.all([
    miniflare.unsafeGetDirectURL("doorbuster"),
    miniflare.unsafeGetDirectURL("comparator"),
  ]);
  const client = new Client(ours.origin, LOCAL_ADMIN_TOKEN);
  await putSales(client);
  const stop = async () => {
    await miniflare.dispose();
    await redis.stop();
  };
  return {
    ours,
    bare: other,
    client,
    redis,
    sign: tokenSigner(LOCAL_AUTH_SECRET),
    stop,
  };
}

async function putSales(client: Client): Promise<void> {
  const at = (offset: number) => new Date(Date.now() + offset).toISOString();
  const sku = (id: string, stock: number, amount = 0): Sku => ({
    id,
    name: id,
    unitPrice: { amount, currency: "USD" },
    stock,
    perUserLimit: 1,
    holdSeconds: 300,
  });
  const sale = (
    id: string,
    opensAt: string,
    skus: Sku[],
    protection?: SaleInput["protection"],
  ) => ({
    id,
    title: "Bench",
    description: "SKUs to measure with.",
    opensAt,
    closesAt: at(2 * DAY_MS),
    admission: { mode: "open" as const },
    skus,
    ...(protection && { protection }),
  });
  const open = [sku(CROWD, 1_000_000), sku(PAID, 1_000_000, 1_200), sku(GONE, 1)];
  // However many rounds are asked for, nobody runs into the limit by repeating an order.
  const generous = { algorithm: "fixed-window" as const, limit: 100_000, windowSeconds: 60 };
  const busy = { limits: { order: { user: generous } } };
  expectOk(await client.putSale(sale(SALE, at(-DAY_MS), open, busy)));
  expectOk(await client.putSale(sale("bench-tomorrow", at(DAY_MS), [sku(LATER, 1)])));
  const patient = { limitRefusals: 100_000, ignoredChallenges: 1_000 };
  const once = { algorithm: "fixed-window" as const, limit: 1, windowSeconds: 3_600 };
  const limited = { limits: { order: { user: once } }, autoBlock: patient };
  const challenged = { challenge: { mode: "always" as const }, autoBlock: patient };
  const [one, other] = [sku(LIMITED, 1_000_000), sku(CHALLENGED, 1_000_000)];
  expectOk(await client.putSale(sale("bench-limited", at(-DAY_MS), [one], limited)));
  expectOk(await client.putSale(sale("bench-challenged", at(-DAY_MS), [other], challenged)));
}

/** Waits until the edge knows that a SKU is sold out: the object's news travel for a second or two. */
export async function knownSoldOut({ client }: Stage, sku: string): Promise<void> {
  const deadline = Date.now() + SETTLE_MS;
  type Live = { skus: { id: string; available: number }[] };
  for (;;) {
    const { body } = await client.send<Live>("GET", `/api/sales/${SALE}/live`);
    if (body.skus.some(({ id, available }) => id === sku && available === 0)) return;
    if (Date.now() > deadline) throw new Error(`The edge never learned that ${sku} is sold out.`);
    await pause(50);
  }
}

/** Waits until nothing that was accepted is left to settle, so that rounds do not overlap. */
export async function settled({ client }: Stage): Promise<void> {
  const deadline = Date.now() + SETTLE_MS;
  for (const sku of [CROWD, PAID, LIMITED]) {
    while ((await client.ledger(sku)).unacknowledged > 0) {
      if (Date.now() > deadline) {
        throw new Error(`Orders of ${sku} are still unsettled after two minutes.`);
      }
      await pause(50);
    }
  }
}
