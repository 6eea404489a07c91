// Where the bench plays: Redis, the bridge, and one workerd with Doorbuster and the bare comparator in
// it, each on a socket of its own so that nothing of Miniflare stands between the client and them.
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Client, expectOk, type Sku } from "../../src/local/client.ts";
import { LOCAL_ADMIN_TOKEN, LOCAL_AUTH_SECRET } from "../../src/local/settings.ts";
import { type RedisWithBridge, startRedisWithBridge } from "../../src/local/stack.ts";
import { temporaryFolder } from "../../src/local/temporary.ts";
import { tokenSigner } from "../../src/local/tokens.ts";
import { buildWorker, startMiniflare, workerOptions } from "../../src/local/worker.ts";

const COMPARATOR = { config: "test/bench/comparator.toml" };
const HOUR_MS = 3_600_000;
const SETTLE_MS = 120_000;

/** SKUs of the bench's sale. `crowd` never runs out; `gone` has one unit. */
export const CROWD = "bench-crowd";
export const GONE = "bench-gone";
export const SALE = "bench";

/** A running pair of Workers. */
export interface Stage {
  ours: URL;
  bare: URL;
  client: Client;
  bridge: RedisWithBridge["bridge"];
  sign: (user: string) => Promise<string>;
  stop(): Promise<void>;
}

/** Starts the stage with the Worker as deployed, or with another `entry` around it. */
export async function startStage(entry = "src/index.ts"): Promise<Stage> {
  const stateDir = temporaryFolder("bench");
  const redis = await startRedisWithBridge(stateDir);
  const direct = { unsafeDirectSockets: [{ host: "127.0.0.1" }] };
  const built = await buildWorker({ config: "wrangler.toml", entry });
  const worker = { ...workerOptions(built, redis.vars), ...direct };
  const bare = { ...workerOptions(await buildWorker(COMPARATOR), {}, COMPARATOR), ...direct };
  const miniflare = startMiniflare([worker, bare], { stateDir: join(stateDir, "worker") });
  await miniflare.ready;
  const [ours, other] = await Promise.all([
    miniflare.unsafeGetDirectURL("doorbuster"),
    miniflare.unsafeGetDirectURL("comparator"),
  ]);
  const client = new Client(ours.origin, LOCAL_ADMIN_TOKEN);
  await putSale(client);
  const stop = async () => {
    await miniflare.dispose();
    await redis.stop();
  };
  return {
    ours,
    bare: other,
    client,
    bridge: redis.bridge,
    sign: tokenSigner(LOCAL_AUTH_SECRET),
    stop,
  };
}

async function putSale(client: Client): Promise<void> {
  const now = Date.now();
  const sku = (id: string, stock: number): Sku => ({
    id,
    name: id,
    unitPrice: { amount: 0, currency: "USD" },
    stock,
    perUserLimit: 1,
    holdSeconds: 300,
  });
  const sale = {
    id: SALE,
    title: "Bench",
    description: "Two SKUs to measure with.",
    opensAt: new Date(now - HOUR_MS).toISOString(),
    closesAt: new Date(now + HOUR_MS).toISOString(),
    admission: { mode: "open" },
    skus: [sku(CROWD, 1_000_000), sku(GONE, 1)],
  };
  expectOk(await client.putSale(sale));
}

/** Waits until nothing that was accepted is left to settle, so that rounds do not overlap. */
export async function settled({ client }: Stage): Promise<void> {
  const deadline = Date.now() + SETTLE_MS;
  while ((await client.ledger(CROWD)).unacknowledged > 0) {
    if (Date.now() > deadline) {
      throw new Error("Orders are still unsettled after two minutes.");
    }
    await pause(50);
  }
}
