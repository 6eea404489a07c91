// Liveness, readiness, the clock, invalid configurations, and what the log must not contain.
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { app } from "../src/app.ts";
import { redisBreakerState } from "../src/redis/client.ts";
import { givenClock } from "./support/clock.ts";
import { call, contractFaults, ORIGIN, request, send } from "./support/http.ts";
import { redisCost, redisIsBack, redisIsDown } from "./support/redis.ts";
import { buyers, onSale, order } from "./support/shop.ts";

beforeEach(redisIsBack);

test("/healthz answers without I/O and is never cached", async () => {
  const { result, commands } = await redisCost(() => call("GET", "/healthz"));
  expect(result).toMatchObject({ status: 200, body: { status: "alive" } });
  expect(result.headers.get("cache-control")).toBe("no-store");
  expect(commands).toBe(0);
});

test("/api/time returns milliseconds and is never cached", async () => {
  const { moveTo } = givenClock(1_800_000_000_123);
  const answer = await call("GET", "/api/time");
  expect(answer).toMatchObject({ status: 200, body: { now: 1_800_000_000_123 } });
  expect(answer.headers.get("cache-control")).toBe("no-store");
  moveTo(1_800_000_000_124);
  expect((await call("GET", "/api/time")).body).toEqual({ now: 1_800_000_000_124 });
});

test("/api/time costs no Redis command", async () => {
  const { result, commands } = await redisCost(() => call("GET", "/api/time"));
  expect([result.status, commands]).toEqual([200, 0]);
});

test("/readyz reports the state of each dependency", async () => {
  expect(await call("GET", "/readyz")).toMatchObject({
    status: 200,
    body: { dependencies: { redis: { state: "up" }, inventory: { state: "up" } } },
  });
  await redisIsDown();
  const down = await call("GET", "/readyz");
  expect(down).toMatchObject({
    status: 503,
    body: { dependencies: { redis: { state: "down" }, inventory: { state: "up" } } },
  });
  expect(down.headers.get("retry-after")).toBeTruthy();
});

/** Makes Redis answer reads but refuse writes. */
function givenRefusedWrites(error: string): void {
  const real = globalThis.fetch;
  const spy = vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const body = String(init?.body);
    if (!String(input).startsWith(env.UPSTASH_REDIS_REST_URL) || !/"(set|evalsha)"/i.test(body)) {
      return real(input, init);
    }
    const commands: unknown[] = String(input).endsWith("/pipeline") ? JSON.parse(body) : [];
    if (commands.length === 0) return Response.json({ error }, { status: 400 });
    return Response.json(commands.map(() => ({ error })));
  });
  onTestFinished(() => spy.mockRestore());
}

test.each([
  "READONLY You can't write against a read only replica.",
  "OOM command not allowed when used memory > 'maxmemory'.",
  "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
])("/readyz reports Redis as down if it refuses writes: %s", async (error) => {
  const clock = givenClock(Date.now() + 60_000);
  await call("GET", "/readyz");
  clock.moveTo(Date.now() + 5_000);
  givenRefusedWrites(error);

  const foundAt = new Date().toISOString();
  const dependencies = {
    redis: { state: "down", since: foundAt },
    inventory: { state: "up" },
  };
  expect(await call("GET", "/readyz")).toMatchObject({ status: 503, body: { dependencies } });
  clock.moveTo(Date.now() + 5_000);
  for (let i = 0; i < 4; i += 1) {
    expect((await call("GET", "/readyz")).body).toMatchObject({ dependencies });
  }
  expect(redisBreakerState()).toBe("open"); // so that buyers do not wait for errors
  expect((await call("GET", "/readyz")).body).toMatchObject({
    breakers: expect.arrayContaining([
      { name: "redis", state: "open", since: new Date().toISOString() },
    ]),
  });
});

test("/readyz reports since when a state lasts", async () => {
  const clock = givenClock(Date.now());
  type Ready = { dependencies: { redis: { since: string }; inventory: { since: string } } };
  const dependencies = async () => (await call<Ready>("GET", "/readyz")).body.dependencies;
  const first = await dependencies();
  clock.moveTo(Date.now() + 60_000);
  expect(await dependencies()).toEqual(first);
  await redisIsDown();
  clock.moveTo(Date.now() + 60_000);
  expect(await dependencies()).toMatchObject({
    redis: { since: new Date().toISOString() },
    inventory: first.inventory,
  });
});

test("a thousand requests of /readyz in a second cost at most four Redis commands", async () => {
  givenClock(Date.now() + 120_000);
  const { commands } = await redisCost(() =>
    Promise.all(Array.from({ length: 1_000 }, () => call("GET", "/readyz"))),
  );
  expect(commands).toBeLessThanOrEqual(4);
});

/** Captures the log until the end of the test. */
function givenLog(): string[] {
  const lines: string[] = [];
  for (const method of ["log", "error", "warn"] as const) {
    const spy = vi
      .spyOn(console, method)
      .mockImplementation((line) => void lines.push(String(line)));
    onTestFinished(() => spy.mockRestore());
  }
  return lines;
}

describe("a configuration", () => {
  const broken: [string, Record<string, unknown>, string][] = [
    ["without a Redis address", { UPSTASH_REDIS_REST_URL: undefined }, "UPSTASH_REDIS_REST_URL"],
    [
      "with an invalid Redis address",
      { UPSTASH_REDIS_REST_URL: "redis" },
      "UPSTASH_REDIS_REST_URL",
    ],
    ["without an operator token", { ADMIN_TOKEN: "" }, "ADMIN_TOKEN"],
    ["with a secret that is too short", { SIGNING_SECRET: "short" }, "SIGNING_SECRET"],
    ["without a way to verify tokens", { AUTH_SECRET: "" }, "AUTH_SECRET"],
    ["with two ways to verify tokens", { AUTH_JWKS_URL: "https://id.shop/jwks" }, "AUTH_SECRET"],
    ...(["AUTH_ISSUER", "AUTH_AUDIENCE"] as const).map((name): (typeof broken)[number] => {
      const provider = { AUTH_JWKS_URL: "https://id.shop/jwks", AUTH_ISSUER: "https://id.shop" };
      const all = { ...provider, AUTH_AUDIENCE: "shop", AUTH_SECRET: "", DEMO_LOGIN: "false" };
      return [`with a provider's keys and no ${name}`, { ...all, PAYMENTS: "", [name]: "" }, name];
    }),
    ["with a flag that is neither true nor false", { DEMO_LOGIN: "yes" }, "DEMO_LOGIN"],
  ];

  test.each(broken)(
    "%s is answered with 503, and the log names the variable",
    async (_, change, name) => {
      const lines = givenLog();
      const ctx = createExecutionContext();
      const response = await app.fetch(request("GET", "/api/sales"), { ...env, ...change }, ctx);
      await waitOnExecutionContext(ctx);

      expect(response.status).toBe(503);
      const body = await response.json<Record<string, unknown>>();
      expect(
        contractFaults({ status: 503, code: "unavailable", body, headers: response.headers }),
      ).toEqual([]);
      expect(JSON.stringify(body)).not.toContain(name);
      expect(lines.join()).toContain(name);
    },
  );

  test("with an invalid secret does not reveal it in the log", async () => {
    const lines = givenLog();
    const secret = "tiny-secret";
    await app.fetch(
      request("GET", "/healthz"),
      { ...env, SIGNING_SECRET: secret },
      createExecutionContext(),
    );
    expect(lines.join()).toContain("SIGNING_SECRET");
    expect(lines.join()).not.toContain(secret);
  });
});

test("the log contains no token, body, address, or user id", async () => {
  const lines = givenLog();
  const skuId = await onSale({ stock: 1 });
  const crowd = await buyers(3);
  await redisIsDown();
  for (const buyer of crowd) await order(buyer, skuId, { paymentToken: "tok_very_private" });
  await send(new Request(`${ORIGIN}/readyz`, { headers: { "cf-connecting-ip": "203.0.113.77" } }));

  expect(lines.length).toBeGreaterThan(0);
  const text = lines.join("\n");
  for (const { id, token } of crowd) {
    expect(text).not.toContain(id);
    expect(text).not.toContain(token);
  }
  for (const secret of ["tok_very_private", "203.0.113.77"]) expect(text).not.toContain(secret);
});

test("every response has a unique request id", async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => call("GET", "/api/nowhere")));
  expect(new Set(answers.map(({ headers }) => headers.get("x-request-id"))).size).toBe(20);
});
