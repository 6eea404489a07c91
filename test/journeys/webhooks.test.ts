// A shop's receiver over real HTTP: it verifies what it gets, is gone for a while, and misses nothing, although the Worker is
// killed meanwhile.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { expect, inject, onTestFinished, test, vi } from "vitest";
import { Client, expectOk } from "../../src/local/client.ts";
import { LOCAL_ADMIN_TOKEN, LOCAL_AUTH_SECRET } from "../../src/local/settings.ts";
import { startWorkerProcess } from "../../src/local/spawn-miniflare.ts";
import { startRedisWithBridge } from "../../src/local/stack.ts";
import { makeTempDir } from "../../src/local/temp-dir.ts";
import { tokenSigner } from "../../src/local/tokens.ts";
import { PATIENT_BREAKERS } from "../setup/patient-breakers.ts";

const SECRET = `whsec_${btoa("a secret of the shop, 32 bytes long")}`;
const OLD_SECRET = `whsec_${btoa("the secret before it, 32 bytes too")}`;
const SKU = "hooked";
const BUYERS = 5;

interface Event {
  id: string;
  type: string;
  order?: { id: string };
}

/** A receiver that verifies every request with the old secret only, as during a rotation. `status`: its answers. */
async function startReceiver(status: () => number): Promise<{ url: string; events: Event[] }> {
  const events: Event[] = [];
  const server = createServer(async (request, response) => {
    const body = (await request.toArray()).join("");
    const headers = request.headers as Record<string, string>;
    events.push(new Webhook(OLD_SECRET).verify(body, headers) as Event);
    response.writeHead(status()).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, events };
}

test("a receiver that was gone gets each event it missed, under the same id, after a kill of the Worker", async () => {
  let status = 204;
  const receiver = await startReceiver(() => status);
  const state = makeTempDir("webhooks");
  const redis = await startRedisWithBridge(state);
  onTestFinished(() => redis.stop());
  const vars = {
    ...redis.vars,
    ...PATIENT_BREAKERS,
    ORDER_WEBHOOK_URL: receiver.url,
    ORDER_WEBHOOK_SECRET: `${SECRET},${OLD_SECRET}`,
  };
  const settings = { script: inject("builtWorker"), stateDir: join(state, "worker"), vars };
  const sign = tokenSigner(LOCAL_AUTH_SECRET);
  const buy = async (client: Client, user: string) => {
    const caller = { token: await sign(user), ip: `198.18.0.${user.length}` };
    const body = { quantity: 1 };
    return expectOk(await client.order(SKU, user, caller, body)).id;
  };

  const first = await startWorkerProcess(settings);
  const client = new Client(first.url, LOCAL_ADMIN_TOKEN);
  expectOk(
    await client.putSale({
      ...{ id: "hooked-sale", title: "A sale", description: "", admission: { mode: "open" } },
      opensAt: new Date(Date.now() - 60_000).toISOString(),
      closesAt: new Date(Date.now() + 3_600_000).toISOString(),
      skus: [
        {
          ...{ id: SKU, name: "A thing", stock: 20, perUserLimit: 1, holdSeconds: 300 },
          unitPrice: { amount: 0, currency: "USD" },
        },
      ],
    }),
  );
  const wanted = [`${await buy(client, "a")}.2`];
  await expect.poll(() => receiver.events.map(({ id }) => id)).toEqual(wanted);

  status = 410;
  for (let i = 2; i < 2 + BUYERS; i += 1) wanted.push(`${await buy(client, "a".repeat(i))}.2`);
  const read = (from: Client) =>
    from.admin<{ stoppedSince: string | null; replays: { state: string }[] }>("GET", "/webhooks");
  await vi.waitUntil(async () => expectOk(await read(client)).stoppedSince !== null, 60_000);
  const { stoppedSince } = expectOk(await read(client));
  await first.kill();

  const second = await startWorkerProcess(settings);
  onTestFinished(() => second.stop());
  const again = new Client(second.url, LOCAL_ADMIN_TOKEN);
  expect(expectOk(await read(again)).stoppedSince).toBe(stoppedSince);
  const posts = receiver.events.length;
  wanted.push(`${await buy(again, "late-buyer")}.2`);
  const owed = async () =>
    expectOk(await again.admin<{ unannounced: number }>("GET", `/skus/${SKU}/ledger`)).unannounced;
  await vi.waitUntil(async () => (await owed()) === BUYERS + 1, 60_000);
  expect(receiver.events).toHaveLength(posts);

  status = 204;
  receiver.events.length = 0;
  expectOk(await again.admin("POST", "/webhooks/resume"));
  await vi.waitUntil(async () => (await owed()) === 0, 60_000);
  const [test, ...missed] = receiver.events;
  expect(test?.type).toBe("webhook.test");
  expect(new Set(missed.map(({ id }) => id))).toEqual(new Set(wanted.slice(1)));
});
