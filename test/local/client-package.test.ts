// The package that `npm pack` makes of the client: it installs without dependencies, TypeScript projects can use it, and it
// runs where there is neither a DOM nor Node.
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { createContext, runInContext } from "node:vm";
import { transform } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import type * as Package from "../../src/client/index.ts";

const ROOT = join(import.meta.dirname, "../..");
const BIN = join(ROOT, "node_modules/.bin");

let shop = "";
let installed = "";

/** With the Node that runs the tests: the machine's own may be old. */
function run(command: string, args: string[], cwd: string) {
  const path = [BIN, dirname(process.execPath), process.env.PATH].join(delimiter);
  return promisify(execFile)(command, args, { cwd, env: { ...process.env, PATH: path } });
}

beforeAll(async () => {
  shop = await mkdtemp(join(tmpdir(), "doorbuster-shop-"));
  await run("npm", ["pack", "--silent", "--pack-destination", shop], ROOT);
  const archive = (await readdir(shop)).find((name) => name.endsWith(".tgz")) ?? "no archive";
  await writeFile(join(shop, "package.json"), `{ "name": "shop", "type": "module" }`);
  await run("npm", ["install", "--silent", "--offline", "--no-audit", `./${archive}`], shop);
  installed = join(shop, "node_modules/doorbuster");
});
afterAll(() => rm(shop, { recursive: true, force: true }));

test("installs without dependencies, with nothing but the client and its types", async () => {
  expect(await readdir(join(shop, "node_modules"))).toEqual([".package-lock.json", "doorbuster"]);
  const files = await readdir(installed, { recursive: true });
  const ours = ["LICENSE", "README.md", "package.json", "dist"];
  expect(files.filter((name) => !ours.includes(name.split("/")[0] ?? ""))).toEqual([]);
  expect(files).toContain("dist/client.js");
});

/** What a shop writes. Each expected error shows that the types are those of the API. */
const SHOP = `
import { ApiError, createClient, NoAnswerError, type Live, type Order } from "doorbuster/client";

const client = createClient({ baseUrl: "https://drops.example", token: async () => "token" });
export async function purchase(ends: AbortSignal): Promise<Order | string> {
  const stop = client.live.subscribe("drop", (live: Live) => live.skus[0]?.available.toFixed());
  try {
    const order = await client.buy("shoe", { saleId: "drop", signal: ends, onTicket: ({ ticket }) => ticket });
    // @ts-expect-error: no such status
    if (order.status === "paid") return order;
    return await client.orders.until(order.id, { isDone: ({ payment }) => payment === "charged" });
  } catch (error) {
    if (error instanceof NoAnswerError) return error.key ?? "";
    if (error instanceof ApiError && error.problem.code === "sold_out") return String(error.problem.held);
    throw error;
  } finally {
    stop();
  }
}
// @ts-expect-error: the address is missing
createClient({});
`;

test.each([
  [
    "a bundler",
    { module: "ESNext", moduleResolution: "Bundler", lib: ["ES2022", "DOM"], types: [] },
  ],
  ["Node", { module: "NodeNext", lib: ["ES2022"], types: ["node"] }],
])("has types that check in a strict project for %s", async (name, options) => {
  const project = join(shop, name.replace(" ", "-"));
  await mkdir(project);
  await writeFile(join(project, "shop.ts"), SHOP);
  const compilerOptions = {
    ...{ strict: true, noEmit: true, skipLibCheck: false, target: "ES2022", ...options },
    typeRoots: [join(ROOT, "node_modules/@types")],
  };
  await writeFile(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions }));
  await run(join(BIN, "tsc"), ["-p", project], project).catch(({ stdout }) => {
    throw new Error(stdout);
  });
});

test("buys, waits in line and follows the stock with no globals but those that React Native has", async () => {
  const esm = await readFile(join(installed, "dist/client.js"), "utf8");
  const { code } = await transform(esm, { format: "iife", globalName: "client" });
  const { fetch, calls } = api();
  // No `crypto`, `performance`, `document`, `structuredClone`, `Headers` or `process`.
  const globals = createContext({ fetch, URL, AbortController, setTimeout, clearTimeout });
  const { createClient } = runInContext(`${code}; client`, globals) as typeof Package;
  const client = createClient({ baseUrl: "https://drops.test", token: () => "token" });

  const first = new Promise((resolve) => {
    const stop = client.live.subscribe("drop", ({ skus }) => {
      resolve(skus[0]?.available);
      stop();
    });
  });
  expect(await first).toBe(3);
  await client.clock.sync();
  expect(client.clock.now()).toBeGreaterThanOrEqual(SERVER_TIME);
  const order = await client.buy("shoe", { saleId: "drop" });
  const settled = await client.orders.until(order.id);
  expect(settled.status).toBe("confirmed");
  expect(calls.filter((call) => call === "POST /skus/shoe/orders")).toHaveLength(2);
});

const SERVER_TIME = Date.parse("2026-12-01T09:00:00.000Z");

/** A server in which the buyer's turn comes at once, as React Native's `fetch` answers. */
function api() {
  const calls: string[] = [];
  let hasTicket = false;
  const answers: Record<string, () => [status: number, body: object]> = {
    "GET /sales/drop/live": () => [
      200,
      { asOf: "2026-12-01T09:00:00.000Z", skus: [{ available: 3 }] },
    ],
    "GET /time": () => [200, { now: SERVER_TIME }],
    "POST /sales/drop/tickets": () => {
      hasTicket = true;
      return [200, { ticket: "ticket", place: 1, state: "admitted" }];
    },
    "POST /skus/shoe/orders": () =>
      hasTicket ? [202, { id: "order" }] : [403, { code: "ticket_required", detail: "Join" }],
    "GET /orders/order": () => [200, { id: "order", version: 2, status: "confirmed" }],
  };
  const fetch = async (url: string, { method }: { method: string }) => {
    const call = `${method} ${url.slice("https://drops.test/api".length)}`;
    calls.push(call);
    const [status, body] = answers[call]?.() ?? [404, { code: "not_found", detail: call }];
    return { ok: status < 300, status, headers: { get: () => null }, json: async () => body };
  };
  return { fetch, calls };
}
