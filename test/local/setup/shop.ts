// A shop owner's situation for the tests of setup: a copy of the project's configuration with a tiny Worker, a fake
// Cloudflare account that the real wrangler talks to, a real Redis behind the REST bridge, and the deployed Worker's address.
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, vi } from "vitest";
import { PROJECT } from "../../../src/local/dev/settings.ts";
import type { FakeAccount, FakeWorker } from "../../../src/local/fakes/cloudflare/account.ts";
import { startFakeCloudflare } from "../../../src/local/fakes/cloudflare/server.ts";
import type { Ask } from "../../../src/local/setup/ask.ts";
import { parseOptions } from "../../../src/local/setup/options.ts";
import { runSetup } from "../../../src/local/setup/run.ts";
import { makeTempDir, TOKEN, useStack } from "../stack.ts";

export interface Shop {
  account: FakeAccount;
  /** The folder of the project. */
  root: string;
  env: Record<string, string | undefined>;
  /** Sales of the deployment, by id. */
  sales: Map<string, { title: string; opensAt: string }>;
  /** Whether the deployment answers /readyz with 200. */
  isHealthy: boolean;
}

/** A new shop for each test. */
export function useShop(): Shop {
  const stack = useStack();
  const shop = {} as Shop; // filled in before each test
  let stop: () => Promise<void>;
  beforeEach(async () => {
    const cloudflare = await startFakeCloudflare();
    const root = await copyOfProject();
    const env = {
      ...{ PATH: process.env.PATH, HOME: root, WRANGLER_WRITE_LOGS: "false", ...cloudflare.env },
      ...{ UPSTASH_REDIS_REST_URL: stack.bridge.url, UPSTASH_REDIS_REST_TOKEN: TOKEN },
      // As many systems set it for their user.
      LANGUAGE: "en_US:en",
    };
    const { account } = cloudflare;
    Object.assign(shop, { account, root, env, sales: new Map(), isHealthy: true } satisfies Shop);
    vi.stubGlobal("fetch", fetchOf(shop, fetch));
    stop = async () => {
      vi.unstubAllGlobals();
      await cloudflare.stop();
      await rm(root, { recursive: true });
    };
  });
  afterEach(() => stop());
  return shop;
}

/** Runs setup as `npm run setup -- ARGS` would. Returns what it printed; after a failure, the error's message at the end. */
export async function setup(shop: Shop, args: string[] = [], ask?: Ask): Promise<string> {
  const lines: string[] = [];
  const options = parseOptions(args);
  if (options === "help") throw new Error("help");
  try {
    const { env, root } = shop;
    const say = (line: string) => lines.push(line);
    await runSetup({ options, env, root, ask, say, readyLimitMs: 0 });
  } catch (error) {
    lines.push(`✗ ${(error as Error).message}`);
  }
  return lines.join("\n");
}

/** The Worker that was deployed. */
export function deployed({ account }: Shop, name = "doorbuster"): FakeWorker {
  const worker = account.workers.get(name);
  if (!worker) throw new Error(`no Worker ${name}`);
  return worker;
}

/** The value of a variable of the deployed Worker. */
export const deployedVar = (shop: Shop, name: string, worker?: string): unknown =>
  deployed(shop, worker).metadata.bindings.find((one) => one.name === name)?.text;

/** The tracked configuration. Its build step has no pages to build, and only checks where it runs. */
async function copyOfProject(): Promise<string> {
  const root = await makeTempDir();
  const toml = await readFile(join(PROJECT, "wrangler.toml"), "utf8");
  await writeFile(
    join(root, "wrangler.toml"),
    toml.replace("npm run --silent build:pages", "test -f wrangler.toml"),
  );
  await cp(join(PROJECT, "package-lock.json"), join(root, "package-lock.json"));
  await mkdir(join(root, "src"));
  const classes = [...toml.matchAll(/class_name = "(\w+)"/g)].map(([, name]) => name);
  const code = [
    'import { DurableObject } from "cloudflare:workers";',
    ...classes.map((name) => `export class ${name} extends DurableObject {}`),
    "export default { fetch: () => new Response() };",
  ];
  await writeFile(join(root, "src/index.ts"), code.join("\n"));
  return root;
}

/** Answers requests to the deployment's public address; others go on the real way. */
function fetchOf(shop: Shop, real: typeof fetch): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    if (url.hostname === "127.0.0.1") return real(input, init);
    const name = nameAt(shop, url.hostname);
    if (name === undefined) {
      throw new TypeError("fetch failed", {
        cause: new Error(`getaddrinfo ENOTFOUND ${url.host}`),
      });
    }
    if (deployedVar(shop, "PUBLIC_ORIGIN", name) !== url.origin) return problem(421);
    return answer(shop, deployed(shop, name), request, url.pathname);
  };
}

function nameAt({ account }: Shop, host: string): string | undefined {
  const own = account.domains.get(host);
  if (own !== undefined) return own;
  const isThere = (name: string) => host === `${name}.${account.subdomain}.workers.dev`;
  return [...account.workers].find(([name, { onSubdomain }]) => onSubdomain && isThere(name))?.[0];
}

const problem = (status: number) => Response.json({ status }, { status });

/** The routes that setup uses. */
async function answer(shop: Shop, worker: FakeWorker, request: Request, path: string) {
  if (path === "/readyz") return problem(shop.isHealthy ? 200 : 503);
  const token = worker.secrets.get("ADMIN_TOKEN");
  if (request.headers.get("authorization") !== `Bearer ${token}`) return problem(401);
  if (request.method === "GET") {
    return Response.json({ sales: [...shop.sales.keys()].map((id) => ({ id })) });
  }
  const id = path.split("/").at(-1) as string;
  shop.sales.set(id, (await request.json()) as { title: string; opensAt: string });
  return problem(201);
}
