// The system under test: Redis, its REST bridge, a stand-in for drand, and one workerd that runs Doorbuster and the comparator. Each Worker
// listens on its own direct socket, which bypasses Miniflare's entry Worker.
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Client } from "../client.ts";
import { startFakeDrand } from "../fakes/drand.ts";
import { buildWorker, startMiniflare, workerOptions } from "../miniflare.ts";
import { LOCAL_ADMIN_TOKEN, LOCAL_AUTH_SECRET } from "../settings.ts";
import { makeTempDir } from "../temp-dir.ts";
import { tokenSigner } from "../tokens.ts";
import { putSales, SALE, SOLD_SKUS } from "./sales.ts";
import { type RedisThread, startRedisThread } from "./spawn-redis-thread.ts";

/** The bare Worker. */
export const COMPARATOR = { config: "src/local/bench/comparator.toml" };
const WAIT_LIMIT_MS = 120_000;
const POLL_MS = 50;

/** Turns challenges on. No row solves a challenge, so nothing calls Turnstile. */
const CHALLENGES = { TURNSTILE_SITE_KEY: "bench", TURNSTILE_SECRET: "bench" };

/** Both running Workers, and access to what they share. */
export interface Testbed {
  doorbuster: URL;
  comparator: URL;
  /** A client of Doorbuster with the operator's token. */
  client: Client;
  redis: RedisThread;
  /** Signs a bearer token for a user. */
  signToken: (user: string) => Promise<string>;
}

/**
 * Starts a testbed, runs `work`, and stops the testbed.
 *
 * @param entry the entry of Doorbuster: the deployed one, or a module that wraps it
 * @param vars override the vars of Doorbuster
 */
export async function withTestbed<T>(
  entry: string,
  work: (testbed: Testbed) => Promise<T>,
  vars: Record<string, string> = {},
): Promise<T> {
  await using parts = new AsyncDisposableStack();
  const stateDir = makeTempDir("bench");
  const redis = await startRedisThread(stateDir);
  parts.defer(redis.stop);
  const drand = await startFakeDrand({ period: 1 });
  parts.defer(drand.stop);
  const direct = { unsafeDirectSockets: [{ host: "127.0.0.1" }] };
  const built = await buildWorker({ config: "wrangler.toml", entry });
  const bare = await buildWorker(COMPARATOR);
  const miniflare = startMiniflare(
    [
      {
        ...workerOptions(built, { ...redis.vars, ...drand.vars, ...CHALLENGES, ...vars }),
        ...direct,
      },
      { ...workerOptions(bare, redis.vars, COMPARATOR), ...direct },
    ],
    { stateDir: join(stateDir, "worker") },
  );
  parts.defer(() => miniflare.dispose());
  await miniflare.ready;
  const doorbuster = await miniflare.unsafeGetDirectURL("doorbuster");
  const comparator = await miniflare.unsafeGetDirectURL("comparator");
  const client = new Client(doorbuster.origin, LOCAL_ADMIN_TOKEN);
  await putSales(client);
  const signToken = tokenSigner(LOCAL_AUTH_SECRET);
  return await work({ doorbuster, comparator, client, redis, signToken });
}

/** Waits until the edge has the SKU's stock of zero. The object publishes its stock about once a second. */
export async function waitUntilSoldOut({ client }: Testbed, sku: string): Promise<void> {
  await waitFor(`the live stock of ${sku} to be zero`, async () => {
    const { body } = await client.live(SALE);
    return body.skus.some(({ id, available }) => id === sku && available === 0);
  });
}

/** Waits until a line has passed those who came right after the close. */
export async function waitUntilAdmitted({ client }: Testbed, saleId: string): Promise<void> {
  await waitFor(`the line of ${saleId} to move`, async () => {
    const { status, body } = await client.line(saleId);
    return status === 200 && body.frontier > 1.1;
  });
}

/** Waits until every accepted order is in the read model, so that no consumer runs during the next round. */
export async function waitUntilSettled({ client }: Testbed): Promise<void> {
  for (const sku of SOLD_SKUS) {
    await waitFor(`all orders of ${sku} to be acknowledged`, async () => {
      const { unacknowledged } = await client.ledger(sku);
      return unacknowledged === 0;
    });
  }
}

/** Waits until every bare order is published and confirmed. */
export async function waitUntilBareSettled({ comparator }: Testbed): Promise<void> {
  await waitFor("all bare orders to be confirmed", async () => {
    const response = await fetch(new URL("/unsettled", comparator));
    return (await response.json()) === 0;
  });
}

/** Waits until the breaker is closed that a slow answer of Redis opened. While it is open, requests cost less. */
export async function waitUntilRedisIsUsed({ client }: Testbed): Promise<void> {
  await waitFor("the breaker of Redis to close", async () => {
    // An open breaker tries Redis again only when something needs it.
    await client.live(SALE);
    const { body } = await client.admin<{ breakers: { redis: string } }>("GET", "/overview");
    return body.breakers.redis === "closed";
  });
}

async function waitFor(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + WAIT_LIMIT_MS;
  while (!(await holds())) {
    if (Date.now() > deadline) {
      throw new Error(`timed out after ${WAIT_LIMIT_MS / 1000} s waiting for ${what}`);
    }
    await pause(POLL_MS);
  }
}
