// The parts of `npm run dev`: settings, log, lock and demo sales.
import { rm, writeFile } from "node:fs/promises";
import { devNull } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { registrationOf } from "../../../src/admission/settings.ts";
import { saleSchema, saleState } from "../../../src/catalog/schema.ts";
import { Client } from "../../../src/local/client.ts";
import { lockStateDir } from "../../../src/local/dev/lock.ts";
import { compact, DevLog } from "../../../src/local/dev/log.ts";
import { demoSales, seed } from "../../../src/local/dev/seed.ts";
import { readSettings, workerVars } from "../../../src/local/dev/settings.ts";
import { makeTempDir } from "../stack.ts";

let directory: string;

beforeEach(async () => {
  directory = await makeTempDir();
});

afterEach(async () => {
  vi.restoreAllMocks();
  await rm(directory, { recursive: true });
});

async function settingsOf(devVars: string, env: Record<string, string> = {}) {
  const file = join(directory, "dev.vars");
  await writeFile(file, devVars);
  return readSettings({ DEV_VARS: file, ...env });
}

describe("settings", () => {
  test("have defaults for everything", async () => {
    const settings = await readSettings({ DEV_VARS: devNull });
    expect(settings).toMatchObject({ port: 8787, devVars: {} });
    expect(settings.stateDir).toMatch(/\.wrangler\/state$/);
    expect(settings.upstash).toBeUndefined();
  });

  test.each(["abc", "-1", "65536", "80.5"])("reject PORT=%s", async (port) => {
    await expect(settingsOf("", { PORT: port })).rejects.toThrow("PORT must be a number");
  });

  test("use the Upstash database of .dev.vars instead of a local Redis", async () => {
    const { upstash } = await settingsOf(
      "UPSTASH_REDIS_REST_URL=https://x.upstash.io\nUPSTASH_REDIS_REST_TOKEN=t\n",
    );
    expect(upstash).toBe("https://x.upstash.io");
  });

  test("reject an Upstash URL without a token", async () => {
    const half = settingsOf("UPSTASH_REDIS_REST_URL=https://x.upstash.io\n");
    await expect(half).rejects.toThrow("only one of");
  });

  test("ignore empty values and name invalid ones", async () => {
    expect((await settingsOf("ADMIN_TOKEN=\n")).devVars).toEqual({});
    vi.spyOn(console, "error").mockReturnValue();
    await expect(settingsOf("ADMIN_TOKEN=short\n")).rejects.toThrow("ADMIN_TOKEN: needs at least");
  });

  test("refuse foreign hostnames unless the developer allows them", () => {
    expect(workerVars({}, "http://localhost:1")).toMatchObject({ LOCAL_ONLY: "true" });
    expect(workerVars({ LOCAL_ONLY: "false" }, "http://localhost:1").LOCAL_ONLY).toBe("false");
  });

  test("turn off the local secret, demo login and payment sandbox if an identity provider is set", async () => {
    const { devVars } = await settingsOf(
      "AUTH_JWKS_URL=https://id.example/keys\nAUTH_ISSUER=https://id.example\nAUTH_AUDIENCE=shop\n",
    );
    expect(workerVars(devVars, "http://localhost:1")).toMatchObject({
      AUTH_SECRET: "",
      DEMO_LOGIN: "false",
      PAYMENTS: "",
    });
  });
});

describe("log", () => {
  test.each([
    ['{"event":"a.b","orderId":"x","count":2}', "a.b orderId=x count=2"],
    ['{"event":"a.b","cause":"two words"}', 'a.b cause="two words"'],
    ["not JSON", "not JSON"],
    ['{"other":1}', '{"other":1}'],
    ["null", "null"],
  ])("formats %s as %s", (line, formatted) => {
    expect(compact(line)).toBe(formatted);
  });

  test("shows requests only after they are turned on, and hides wrangler's startup messages", () => {
    const written: string[] = [];
    vi.spyOn(process.stdout, "write").mockImplementation((line) => written.push(String(line)) > 0);
    const log = new DevLog();
    log.wranglerLine("[wrangler:info] GET /readyz 200 OK (5ms)");
    log.showRequests = true;
    log.wranglerLine("[wrangler:info] \u001b[1mPOST\u001b[22m /api/x 202 Accepted (1.5s)");
    log.wranglerLine("[wrangler:info] Ready on http://localhost:8787");
    log.wranglerLine("✘ [ERROR] Build failed");
    vi.restoreAllMocks();
    expect(written).toEqual([
      "worker │ 202 POST /api/x 1.5 s\n",
      "worker │ ✘ [ERROR] Build failed\n",
    ]);
  });
});

describe("the lock of the state directory", () => {
  test("replaces a stale lock of a dead process", async () => {
    const file = join(directory, "dev.pid");
    await writeFile(file, "4194999"); // above the default maximum of Linux
    const unlock = await lockStateDir(directory);
    await unlock();
    await (await lockStateDir(directory))();
  });
});

describe("demo sales", () => {
  const now = Date.parse("2026-11-22T12:00:00Z");

  test("are valid: two open, one upcoming with a line that people can join", () => {
    const sales = demoSales(now).map((sale) => saleSchema.parse(sale));
    expect(sales.map((sale) => [sale.id, saleState(sale, now), registrationOf(sale)])).toEqual([
      ["demo", "open", undefined],
      ["next-drop", "upcoming", { opensAt: now, closesAt: now + 7 * 86_400_000 }],
      ["jackets", "open", undefined],
    ]);
  });

  const clientWith = (sales: { id: string }[]) => {
    const client = new Client("http://localhost", "token");
    const answer = { method: "", path: "", headers: new Headers(), sentAt: 0, ms: 0 };
    vi.spyOn(client, "admin").mockImplementation(async (method, path, _, headers) => {
      if (method === "GET") return { ...answer, status: 200, body: { sales } as never };
      expect(headers).toEqual({ "if-none-match": "*" });
      const status = sales.some(({ id }) => path === `/sales/${id}`) ? 412 : 201;
      return { ...answer, status, body: {} as never };
    });
    return client;
  };

  test("are added only if they are missing", async () => {
    expect(await seed(clientWith([{ id: "demo" }]), false)).toMatchObject({
      seeded: ["next-drop", "jackets"],
    });
  });

  test("are not added to a shared database that has a sale", async () => {
    const { seeded, notes } = await seed(clientWith([{ id: "theirs" }]), true);
    expect(seeded).toEqual([]);
    expect(notes).toHaveLength(1);
  });
});
