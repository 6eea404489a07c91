// `npm run setup` against a fake Cloudflare account: a fresh one, a finished one, and ones in between.
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { expect, test, vi } from "vitest";
import type { Ask } from "../../../src/local/setup/ask.ts";
import { sampleSale } from "../../../src/local/setup/first-sale.ts";
import { deployed, deployedVar, type Shop, setup, useShop } from "./shop.ts";

const spawned: string[][] = vi.hoisted(() => []);
vi.mock("node:child_process", async (original) => {
  const real = await original<typeof import("node:child_process")>();
  const spawn = (...args: Parameters<typeof real.spawn>) => {
    spawned.push(args[1] as string[]);
    return real.spawn(...args);
  };
  return { ...real, spawn };
});

const QUEUES = ["orders", "payments", "webhooks", "orders-dlq"].map((end) => `doorbuster-${end}`);
const shop = useShop();

const notedSecrets = async ({ root }: Shop) =>
  parseEnv(await readFile(join(root, "deployment/secrets.env"), "utf8")) as Record<string, string>;

test("deploys everything to a fresh account and puts the first sale up", async () => {
  const output = await setup(shop);
  expect(output).toContain("Done.");
  expect(output).toContain("https://doorbuster.harbor.workers.dev/admin");
  expect(output).toContain("$5 a month");
  const worker = deployed(shop);
  expect(shop.account.queues.map(({ queue_name }) => queue_name).sort()).toEqual(QUEUES.toSorted());
  for (const { consumers } of shop.account.queues) expect(consumers[0]?.script).toBe("doorbuster");
  expect(worker.crons).toEqual(["* * * * *"]);
  expect(worker.classes).toContain("SkuInventory");
  expect([...worker.secrets.keys()].sort()).toEqual([
    ...["ADMIN_TOKEN", "AUTH_SECRET", "SIGNING_SECRET"],
    ...["UPSTASH_REDIS_REST_TOKEN", "UPSTASH_REDIS_REST_URL"],
  ]);
  expect(deployedVar(shop, "PUBLIC_ORIGIN")).toBe("https://doorbuster.harbor.workers.dev");
  expect(shop.sales.get("first-drop")?.title).toBe(sampleSale(0).title);
});

test("changes nothing in a second run", async () => {
  await setup(shop);
  shop.account.writes.length = 0;
  const secrets = await notedSecrets(shop);
  const sales = [...shop.sales];
  expect(await setup(shop)).toContain("Nothing to do");
  expect(shop.account.writes).toEqual([]);
  expect(await notedSecrets(shop)).toEqual(secrets);
  expect([...shop.sales]).toEqual(sales);
});

test("shows the plan in a dry run, and writes nothing", async () => {
  const output = await setup(shop, ["--dry-run"]);
  for (const queue of QUEUES) expect(output).toContain(queue);
  expect(output).toContain("would Worker: deploy doorbuster (new");
  expect(output).toContain("would First sale");
  expect(shop.account.writes).toEqual([]);
  await expect(stat(join(shop.root, "deployment"))).rejects.toThrow("ENOENT");
});

test("keeps secrets out of its output, of arguments, and from other users of the machine", async () => {
  spawned.length = 0;
  const output = await setup(shop);
  const secrets = Object.values(await notedSecrets(shop));
  expect(secrets).toHaveLength(5);
  const tracked = await readFile(join(shop.root, "deployment/wrangler.json"), "utf8");
  for (const secret of secrets) {
    expect(output).not.toContain(secret);
    expect(tracked).not.toContain(secret);
    expect(spawned.flat().join(" ")).not.toContain(secret);
  }
  expect(spawned.flat()).toContain("deploy");
  expect((await stat(join(shop.root, "deployment/secrets.env"))).mode & 0o777).toBe(0o600);
});

test("deletes the secrets of an interrupted deployment, and asks for the first sale in the next run", async () => {
  const temp = join(shop.root, "temp");
  await mkdir(temp);
  vi.stubEnv("TMPDIR", temp);
  spawned.length = 0;
  const run = setup(shop);
  await vi.waitUntil(() => spawned.flat().includes("--secrets-file"), { timeout: 60_000 });
  expect(await readdir(temp)).toHaveLength(1);
  process.emit("SIGHUP");
  await run;
  expect(await readdir(temp)).toEqual([]);
  vi.unstubAllEnvs();
  expect([...shop.sales]).toEqual([]);

  const opensAt = Date.parse("2099-12-01T09:00:00Z");
  const firstSale = async () => ({ title: "Spring drop", opensAt });
  const ask = { domain: fail, upstash: fail, firstSale } satisfies Ask;
  expect(await setup(shop, ["--workers-dev"], ask)).toContain("Done.");
  expect(shop.sales.get("first-drop")).toMatchObject({
    ...{ title: "Spring drop", opensAt: "2099-12-01T09:00:00.000Z" },
  });

  shop.env.UPSTASH_REDIS_REST_TOKEN = "another-token";
  const later = await setup(shop);
  expect(later).toContain("Cloudflare has a value already: UPSTASH_REDIS_REST_TOKEN.");
  expect(later).toContain("Nothing to do");
});

const fail = () => Promise.reject(new Error("asked for what is known"));

test("sets a domain and the public origin together, also on a deployment that had none", async () => {
  await setup(shop);
  const { secrets } = deployed(shop);
  expect(await setup(shop, ["--domain", "drops.shop.example"])).toContain("Done.");
  expect(shop.account.domains.get("drops.shop.example")).toBe("doorbuster");
  expect(deployedVar(shop, "PUBLIC_ORIGIN")).toBe("https://drops.shop.example");
  expect(deployed(shop).onSubdomain).toBe(false);
  expect(deployed(shop).secrets).toEqual(secrets);
  expect(await setup(shop)).toContain("Nothing to do");
});

test("deploys again after the code or a variable changed, and only then", async () => {
  await setup(shop);
  await setup(shop, ["--var", "LOGIN_URL=https://shop.example/login"]);
  expect(deployedVar(shop, "LOGIN_URL")).toBe("https://shop.example/login");
  await writeFile(join(shop.root, "src/other.ts"), "export {};");
  expect(await setup(shop, ["--dry-run"])).toContain("code or settings changed");
});

test("never replaces a secret that is set at Cloudflare, even if the folder was lost", async () => {
  await setup(shop);
  const before = new Map(deployed(shop).secrets);
  await rm(join(shop.root, "deployment"), { recursive: true });
  shop.env = {
    ...shop.env,
    UPSTASH_REDIS_REST_URL: undefined,
    UPSTASH_REDIS_REST_TOKEN: undefined,
  };
  expect(await setup(shop)).toContain("its credentials are set at Cloudflare");
  expect(deployed(shop).secrets).toEqual(before);
});

test("goes on with the same secrets after a deployment failed", async () => {
  shop.account.uploadFault = "Durable Objects are not available";
  const output = await setup(shop);
  expect(output).toContain("The deployment failed");
  expect(output).toContain("Durable Objects are not available");
  const noted = await notedSecrets(shop);
  shop.account.uploadFault = undefined;
  expect(await setup(shop)).toContain("Done.");
  expect(deployed(shop).secrets.get("SIGNING_SECRET")).toBe(noted.SIGNING_SECRET);
});

test("repairs a deployment that stopped between the upload and its triggers", async () => {
  await setup(shop);
  deployed(shop).crons = [];
  shop.account.queues[0]?.consumers.splice(0);
  deployed(shop).onSubdomain = false;
  const output = await setup(shop);
  expect(output).toContain("a queue has no consumer; no schedule");
  expect(deployed(shop).crons).toEqual(["* * * * *"]);
  expect(shop.account.queues[0]?.consumers).toHaveLength(1);
  expect(await setup(shop)).toContain("Nothing to do");
});

test("says what is wrong while the deployment is not ready, and goes on once it is", async () => {
  shop.isHealthy = false;
  expect(await setup(shop)).toContain("/readyz is not ready: 503");
  expect(shop.sales.size).toBe(0);
  shop.isHealthy = true;
  expect(await setup(shop)).toContain("✓ First sale");
  expect(shop.sales.size).toBe(1);
});

test("lets several deployments share an account under their own names", async () => {
  expect(await setup(shop, ["--name", "night-drops"])).toContain("Done.");
  expect(deployed(shop, "night-drops").crons).toHaveLength(1);
  const names = shop.account.queues.map(({ queue_name }) => queue_name).sort();
  expect(names).toEqual(QUEUES.map((name) => name.replace("doorbuster", "night-drops")).sort());
});
