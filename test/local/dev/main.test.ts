// End-to-end tests of `npm run dev`: it sells, stops all its processes, resumes with its data, and explains why it
// cannot start.
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Client, expectOk } from "../../../src/local/client.ts";
import { LOCAL_ADMIN_TOKEN } from "../../../src/local/settings.ts";
import { makeTempDir, START_TIMEOUT } from "../stack.ts";
import { alive, type DevProcess, startDev } from "./dev-process.ts";

const WAIT = { timeout: 60_000, interval: 100 };

let stateDir: string;
let running: DevProcess[];

beforeEach(async () => {
  stateDir = await makeTempDir();
  running = [];
});

afterEach(async () => {
  await Promise.all(
    running.map(async (dev) => {
      if ((await alive(await dev.processes())).length > 0) await dev.interrupt();
    }),
  );
  await rm(stateDir, { recursive: true, force: true, maxRetries: 5 });
});

function start(env: Record<string, string> = {}): DevProcess {
  const dev = startDev({ STATE_DIR: stateDir, PORT: "0", ...env });
  running.push(dev);
  return dev;
}

async function buyer(url: string, user: string) {
  const client = new Client(url, LOCAL_ADMIN_TOKEN);
  const { token } = expectOk(await client.login(user));
  const buy = async (sku: string) => expectOk(await client.order(sku, "dev-test", { token }));
  const read = async (id: string) => expectOk(await client.readOrder(id, { token }));
  return { client, buy, read };
}

describe.runIf(process.platform === "linux")("npm run dev", () => {
  test(
    "sells, stops all its processes on Ctrl-C, and has the order after a restart",
    async () => {
      const first = start();
      const url = await first.ready;
      expect(await statusFor(url, "evil.test")).toBe(421);
      expect(await statusFor(url, "evil.test", { "MF-Original-URL": url })).toBe(421);
      expect(await statusFor(url, new URL(url).host)).toBe(200);
      const alice = await buyer(url, "alice");
      const { id } = await alice.buy("coupon");
      await vi.waitFor(async () => expect((await alice.read(id)).status).toBe("confirmed"), WAIT);

      const second = start();
      expect(await second.exited).toBe(1);
      expect(second.output()).toMatch(/Another `npm run dev` \(process \d+\) is using the state/);

      const processes = await first.processes();
      expect(processes.length).toBeGreaterThan(4);
      expect(await first.interrupt()).toBe(0);
      await vi.waitFor(async () => expect(await alive(processes)).toEqual([]), WAIT);

      const third = start();
      const again = await buyer(await third.ready, "alice");
      expect(await again.read(id)).toMatchObject({ id, status: "confirmed" });
      const ledger = await again.client.ledger("coupon");
      expect(ledger).toMatchObject({ stocked: 100, available: 99, sold: 1 });
    },
    2 * START_TIMEOUT,
  );

  test(
    "leaves no process behind when it is killed",
    async () => {
      const dev = start();
      await dev.ready;
      const processes = await dev.processes();
      dev.kill("SIGKILL"); // npm itself
      await vi.waitFor(async () => expect(await alive(processes)).toEqual([]), WAIT);
    },
    START_TIMEOUT,
  );

  test(
    "exits with an explanation when Redis dies",
    async () => {
      const dev = start();
      await dev.ready;
      const address = /redis:\/\/127\.0\.0\.1:(\d+)/.exec(dev.output())?.[1];
      await shutDownRedis(Number(address));
      expect(await dev.exited).toBe(1);
      expect(dev.output()).toContain("Redis exited");
    },
    START_TIMEOUT,
  );

  test(
    "exits with a clear message if the port is in use",
    async () => {
      const server = createServer().listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      const dev = start({ PORT: String(port) });
      expect(await dev.exited).toBe(1);
      expect(dev.output()).toContain(`Port ${port} is in use by another program.`);
      server.close();
    },
    START_TIMEOUT,
  );
});

/** The status of the operator API for a request with this Host header. */
async function statusFor(
  url: string,
  host: string,
  more: Record<string, string> = {},
): Promise<number | undefined> {
  const headers = { host, authorization: `Bearer ${LOCAL_ADMIN_TOKEN}`, ...more };
  const outgoing = request(`${url}/api/admin/overview`, { headers }).end();
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

async function shutDownRedis(port: number): Promise<void> {
  const { Redis } = await import("ioredis");
  const redis = new Redis(port, { retryStrategy: () => null });
  redis.on("error", () => {});
  await redis.shutdown().catch(() => {});
  redis.disconnect();
}
