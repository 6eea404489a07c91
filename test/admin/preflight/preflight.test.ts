// The preflight of a sale. Each check is made to fail by a real fault, and none breaks the others.
import { env } from "cloudflare:workers";
import { Webhook } from "standardwebhooks";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { Check } from "../../../src/admin/preflight/check.ts";
import type { Sale } from "../../../src/catalog/schema.ts";
import { registryOf } from "../../../src/catalog/store.ts";
import { type Config, requireConfig } from "../../../src/config/config.ts";
import { resumeSending, stopSending } from "../../../src/orders/webhook-desk-client.ts";
import { givenReceiver } from "../../alerts/watch.ts";
import { givenClock } from "../../support/clock.ts";
import { type Answer, admin, call, contractFaults } from "../../support/http.ts";
import { captureQueue, deliverBatch } from "../../support/queue.ts";
import { emptyRedis, redisIsBack, redisIsDown, services } from "../../support/redis.ts";
import { aSale, aSku, putSale, unique } from "../../support/shop.ts";
import { givenSwitches, noSwitches } from "../../support/switches.ts";
import { aRehearsal } from "./rehearsals.ts";

beforeEach(async () => {
  await redisIsBack();
  await emptyRedis();
});

const HOUR_MS = 3_600_000;
const NAMES = [
  "sale",
  "configuration",
  "objects",
  "edges",
  "redis",
  "queues",
  "clock",
  "switches",
  "sign-in",
  "payments",
  "challenge",
  "webhook",
  "alerts",
  "rehearsal",
];

interface Preflight {
  ready: boolean;
  checks: Check[];
}

const preflight = (saleId: string, query = ""): Promise<Answer<Preflight>> =>
  admin<Preflight>("GET", `/sales/${saleId}/preflight${query}`);

/** One check of a preflight that has all of them, whatever fails. */
async function check(sale: Sale, name: string): Promise<Check> {
  const { status, body } = await preflight(sale.id);
  expect(status).toBe(200);
  expect(body.checks.map((each) => each.name)).toEqual(NAMES);
  const found = body.checks.find((each) => each.name === name) as Check;
  expect(body.ready).toBe(body.checks.every(({ state }) => state !== "fail"));
  if (found.state !== "ok") expect(found.todo).toBeTruthy();
  return found;
}

/** Changes the configuration until the end of the test. */
function given(changes: Partial<Record<keyof Config, unknown>>): void {
  const config = requireConfig(env);
  const before = { ...config };
  Object.assign(config, changes);
  onTestFinished(() => {
    for (const name of Object.keys(changes)) delete config[name as keyof Config];
    Object.assign(config, before);
  });
}

/** Replaces the answers of one URL until the end of the test. Other requests go out. */
function givenAnswer(url: string, answer: (init?: RequestInit) => Response): void {
  const real = globalThis.fetch;
  const spy = vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    return String(input) === url ? answer(init) : real(input, init);
  });
  onTestFinished(() => spy.mockRestore());
}

const NOWHERE = "http://127.0.0.1:9/";
const paid = () => putSale(aSale({ skus: [aSku({ price: 500 })] }));

test("is ready if nothing fails, and says what to know", async () => {
  const sale = await putSale(aSale());
  const { body } = await preflight(sale.id, "?expected=100");
  expect(body.ready).toBe(true);
  expect(body.checks.map(({ name }) => name)).toEqual([
    ...NAMES,
    "object-capacity",
    "redis-capacity",
    "payment-capacity",
    "cost",
  ]);
  expect(body.checks.filter(({ state }) => state === "fail")).toEqual([]);
  // The Worker under test has the demo login.
  expect(body.checks[1]).toMatchObject({ state: "warn", detail: expect.stringMatching(/DEMO/) });
});

test("does not say ready if the crowd is too large for the payments", async () => {
  given({ PAYMENT_RATE_PER_SECOND: 1 });
  const sale = await putSale(aSale({ skus: [aSku({ price: 500, stock: 5_000 })] }));
  expect((await preflight(sale.id, "?expected=100")).body.ready).toBe(true);
  expect((await preflight(sale.id, "?expected=10000")).body.ready).toBe(false);
});

test.each(["0", "-1", "1.5", "x", "", "1e400", "NaN"])("rejects %j people", async (expected) => {
  const sale = await putSale(aSale());
  const answer = await preflight(sale.id, `?expected=${expected}`);
  expect(answer).toMatchObject({ status: 400, code: "invalid_request" });
  expect(contractFaults(answer)).toEqual([]);
});

test.each([unique("none"), "UPPER", "%00", "x".repeat(100)])(
  "finds no sale %s, and wakes nothing",
  async (id) => {
    const woken = vi.spyOn(env.SKU_INVENTORY, "getByName");
    onTestFinished(() => woken.mockRestore());
    expect((await preflight(id)).status).toBe(404);
    expect(woken).not.toHaveBeenCalled();
  },
);

test("fails for a sale that is over", async () => {
  const [opensAt, closesAt] = [-2, -1].map((h) => new Date(Date.now() + h * HOUR_MS).toISOString());
  const sale = await putSale(aSale({ opensAt, closesAt } as Partial<Sale>));
  expect(await check(sale, "sale")).toMatchObject({ state: "fail" });
});

describe("the last rehearsal", () => {
  const report = (body: object) => admin("POST", "/rehearsals", { body });

  test("is worth a warning until one is on record, and shows how it ended", async () => {
    const sale = await putSale(aSale());
    expect(await check(sale, "rehearsal")).toMatchObject({ state: "warn" });
    expect((await report(aRehearsal({ broken: 2 }))).status).toBe(200);
    const broken = await check(sale, "rehearsal");
    expect(broken).toMatchObject({ state: "warn", detail: expect.stringMatching(/ 2 broken/) });
    await report(aRehearsal());
    expect(await check(sale, "rehearsal")).toMatchObject({ state: "ok" });
  });

  test.each([
    ["no proof", { held: 0, notObserved: 0 }],
    ["a negative count", { broken: -1 }],
    ["an endless name", { scenario: "x".repeat(41) }],
    ["markup as its name", { scenario: "<b>" }],
    ["more than its numbers", { note: "fine" }],
    ["a mebibyte", { scenario: "x".repeat(1_048_576) }],
  ])("is refused with %s", async (_, changes) => {
    const answer = await report({ ...aRehearsal(), ...changes });
    expect([400, 413]).toContain(answer.status);
    expect(contractFaults(answer)).toEqual([]);
  });

  test("is recorded by operators only", async () => {
    const asViewer = { token: "test-viewer-token", body: aRehearsal() };
    expect((await call("POST", "/api/admin/rehearsals", asViewer)).status).toBe(403);
  });
});

describe("the objects", () => {
  test("are awake and up to date", async () => {
    expect(await check(await putSale(aSale()), "objects")).toMatchObject({
      state: "ok",
      detail: "1 SKUs are awake, and 10 of 10 units are free",
    });
  });

  test("fail if they do not have the sale's document", async () => {
    const sale = aSale();
    await registryOf(env).put(sale); // and nothing is propagated
    const found = await check(sale, "objects");
    expect(found).toMatchObject({
      state: "fail",
      detail: expect.stringContaining(sale.skus[0]?.id ?? ""),
    });
  });

  test("are worth a warning if nothing is free", async () => {
    const sale = await putSale(aSale({ skus: [aSku({ stock: 0 })] }));
    expect(await check(sale, "objects")).toMatchObject({ state: "warn" });
  });
});

describe("the switches", () => {
  const found = async (sale: Sale, ...switches: object[]) => {
    onTestFinished(noSwitches);
    if (switches.length > 0) await givenSwitches(...switches);
    return check(sale, "switches");
  };

  test("are fine if none is set, or only another sale's", async () => {
    const [sale, other] = [await putSale(aSale()), await putSale(aSale())];
    expect(await found(sale)).toMatchObject({ state: "ok" });
    const paused = { name: "paused", sale: other.id, value: true };
    expect(await found(sale, paused)).toMatchObject({ state: "ok" });
  });

  test.each([
    ["the pause of the sale", (sale: Sale) => ({ name: "paused", sale: sale.id }), "paused"],
    ["a stop of all orders", () => ({ name: "readOnly" }), "readOnly"],
    ["a pause of payments", () => ({ name: "paymentsPaused" }), "payments"],
  ])("fail with %s", async (_, named, detail) => {
    const sale = await putSale(aSale());
    const setting = { ...named(sale), value: true };
    expect(await found(sale, setting)).toMatchObject({
      state: "fail",
      detail: expect.stringContaining(detail),
    });
  });

  test("are worth a warning if an item is closed, or the limits are changed", async () => {
    const sale = await putSale(aSale());
    const skuId = sale.skus[0]?.id ?? "";
    const closed = await found(sale, { name: "closed", sku: skuId, value: true });
    expect(closed).toMatchObject({ state: "warn", detail: `closed: ${skuId}` });
    await noSwitches();
    const limited = await found(sale, { name: "limits", sale: sale.id, value: 2 });
    expect(limited).toMatchObject({ state: "warn", detail: "set: limits" });
  });
});

/** Lets Redis say that it evicts keys. No client may change that through the REST bridge, as at Upstash. */
function givenEviction(): void {
  const real = globalThis.fetch;
  const spy = vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const response = await real(input, init);
    if (!String(input).startsWith(services.UPSTASH_REDIS_REST_URL)) return response;
    return Response.json(JSON.parse(await response.text(), (_, value) => withEviction(value)));
  });
  onTestFinished(() => spy.mockRestore());
}

/** Strings of the bridge are in base64. */
function withEviction(value: unknown): unknown {
  if (typeof value !== "string" || !/^[\w+/]{40,}=*$/.test(value)) return value;
  return btoa(atob(value).replace("maxmemory_policy:noeviction", "maxmemory_policy:allkeys-lru"));
}

describe("Redis", () => {
  test("fails if it is down, and the rest is checked", async () => {
    const sale = await putSale(aSale());
    await redisIsDown();
    expect(await check(sale, "redis")).toMatchObject({ state: "fail" });
    expect(await check(sale, "objects")).toMatchObject({ state: "ok" });
    expect(await check(sale, "queues")).toMatchObject({ state: "ok" });
  });

  test("is worth a warning if it evicts keys", async () => {
    const sale = await putSale(aSale());
    expect(await check(sale, "redis")).toMatchObject({
      state: "ok",
      detail: expect.stringContaining("without eviction"),
    });
    givenEviction();
    expect(await check(sale, "redis")).toMatchObject({
      state: "warn",
      detail: expect.stringContaining("allkeys-lru"),
    });
  });
});

describe("the queues", () => {
  test("get a message that concerns no order and leaves nothing behind", async () => {
    const queue = captureQueue();
    const sale = await putSale(aSale());
    expect(await check(sale, "queues")).toMatchObject({ state: "ok" });
    const sent = await vi.waitUntil(() => queue.find(({ userId }) => userId === "preflight"), {
      timeout: 60_000,
    });
    const outcome = await deliverBatch([sent], { queue: "doorbuster-webhooks" });
    expect(outcome).toEqual({ acked: [sent], retried: [] });
  });

  test("fail if they take no message", async () => {
    const sale = await putSale(aSale());
    const spy = vi.spyOn(env.WEBHOOKS, "send").mockRejectedValue(new Error("Queue not found"));
    onTestFinished(() => spy.mockRestore());
    expect(await check(sale, "queues")).toMatchObject({
      state: "fail",
      detail: "Error: Queue not found",
    });
  });

  test("are worth a warning if messages wait", async () => {
    const sale = await putSale(aSale());
    const oldestMessageTimestamp = new Date(Date.now() - 120_000);
    const spy = vi
      .spyOn(env.ORDERS, "metrics")
      .mockResolvedValue({ backlogCount: 7, backlogBytes: 70, oldestMessageTimestamp });
    onTestFinished(() => spy.mockRestore());
    expect(await check(sale, "queues")).toMatchObject({
      state: "warn",
      detail: expect.stringMatching(/orders$/),
    });
  });
});

test.each([
  [0, "ok"],
  [5_000, "warn"],
  [-5_000, "warn"],
  [60_000, "fail"],
])("a clock that is %d ms off is %s", async (offset, state) => {
  const sale = await putSale(aSale());
  const clock = givenClock(Date.now() + offset);
  expect(await check(sale, "clock")).toMatchObject({ state });
  clock.moveTo(Date.now());
});

describe("payments", () => {
  test("do not matter for free units", async () => {
    given({ PAYMENTS: undefined });
    expect(await check(await putSale(aSale()), "payments")).toMatchObject({ state: "ok" });
  });

  test("fail if paid units cannot be paid", async () => {
    given({ PAYMENTS: undefined });
    expect(await check(await paid(), "payments")).toMatchObject({ state: "fail" });
  });

  test("with play money are worth a warning", async () => {
    expect(await check(await paid(), "payments")).toMatchObject({ state: "warn" });
  });

  const stripe = (changes: object = {}) =>
    given({ PAYMENTS: "stripe", ...services.FAKE_STRIPE, ...changes });

  test("are tried with the secret key", async () => {
    const sale = await paid();
    stripe();
    const { state, detail } = await check(sale, "payments");
    expect(state).not.toBe("fail");
    expect(detail).toContain("Stripe accepts the key");
  });

  test.each([
    ["Stripe refuses the key", { STRIPE_SECRET_KEY: "sk_live_wrong" }],
    ["Stripe cannot be reached", { STRIPE_API_URL: NOWHERE }],
    ["the keys are of different modes", { STRIPE_PUBLISHABLE_KEY: "pk_live_x" }],
  ])("fail if %s", async (_, changes) => {
    const sale = await paid();
    stripe(changes);
    const found = await check(sale, "payments");
    expect(found.state).toBe("fail");
    expect(JSON.stringify(found)).not.toContain("sk_live_wrong");
  });
});

describe("the challenge", () => {
  const withChallenge = (mode: "off" | "always") =>
    putSale(aSale({ protection: { challenge: { mode } } } as Partial<Sale>));

  test("is fine if Turnstile accepts the secret", async () => {
    expect(await check(await withChallenge("always"), "challenge")).toMatchObject({ state: "ok" });
  });

  test("fails with a wrong secret, but only warns if the sale requires none", async () => {
    const [on, off] = [await withChallenge("always"), await withChallenge("off")];
    given({ TURNSTILE_SECRET: "wrong" });
    expect(await check(on, "challenge")).toMatchObject({ state: "fail" });
    expect(await check(off, "challenge")).toMatchObject({ state: "warn" });
  });

  test("fails if Turnstile cannot be reached, or the keys are missing", async () => {
    const sale = await withChallenge("always");
    given({ TURNSTILE_VERIFY_URL: NOWHERE });
    expect(await check(sale, "challenge")).toMatchObject({ state: "fail" });
    given({ TURNSTILE_SECRET: undefined });
    expect(await check(sale, "challenge")).toMatchObject({ state: "fail" });
  });

  test("warns of a secret that accepts everything", async () => {
    const url = "https://turnstile.test/verify";
    given({ TURNSTILE_VERIFY_URL: url });
    givenAnswer(url, () => Response.json({ success: true }));
    expect(await check(await putSale(aSale()), "challenge")).toMatchObject({ state: "warn" });
  });
});

describe("sign-in", () => {
  const url = "https://login.test/keys";

  test("fails if the identity provider does not answer with keys", async () => {
    const sale = await putSale(aSale());
    given({ AUTH_JWKS_URL: url });
    for (const answer of [
      () => new Response("down", { status: 503 }),
      () => Response.json({}),
      () => Response.json({ keys: [] }),
    ]) {
      givenAnswer(url, answer);
      expect(await check(sale, "sign-in")).toMatchObject({ state: "fail" });
    }
  });

  test("is fine if it does", async () => {
    const sale = await putSale(aSale());
    given({ AUTH_JWKS_URL: url });
    givenAnswer(url, () => Response.json({ keys: [{ kty: "oct", k: "c2VjcmV0" }] }));
    expect(await check(sale, "sign-in")).toMatchObject({ state: "ok" });
  });
});

describe("the shop's webhook", () => {
  const url = "https://erp.test/hook";
  const secret = `whsec_${btoa("a secret of the shop, 32 bytes long")}`;

  test("gets a signed test event", async () => {
    const sale = await putSale(aSale());
    given({ ORDER_WEBHOOK_URL: url, ORDER_WEBHOOK_SECRET: [secret] });
    const received: unknown[] = [];
    givenAnswer(url, (init) => {
      const headers = init?.headers as Record<string, string>;
      received.push(new Webhook(secret).verify(String(init?.body), headers));
      return new Response(null, { status: 204 });
    });
    expect(await check(sale, "webhook")).toMatchObject({ state: "ok" });
    expect(received).toEqual([{ id: expect.stringMatching(/^preflight\./), type: "webhook.test" }]);
  });

  test("fails if it once said that it is gone, without asking it again", async () => {
    const sale = await putSale(aSale());
    given({ ORDER_WEBHOOK_URL: url, ORDER_WEBHOOK_SECRET: [secret] });
    givenAnswer(url, () => new Response(null, { status: 204 }));
    await stopSending(env, url);
    const found = await check(sale, "webhook");
    expect(found).toMatchObject({ state: "fail", detail: expect.stringContaining("410") });
    await resumeSending(env);
    expect(await check(sale, "webhook")).toMatchObject({ state: "ok" });
  });

  test("fails if it refuses the event or cannot be reached", async () => {
    const sale = await putSale(aSale());
    given({ ORDER_WEBHOOK_URL: url, ORDER_WEBHOOK_SECRET: [secret] });
    givenAnswer(url, () => new Response(null, { status: 500 }));
    expect(await check(sale, "webhook")).toMatchObject({ state: "fail" });
    given({ ORDER_WEBHOOK_URL: NOWHERE });
    expect(await check(sale, "webhook")).toMatchObject({ state: "fail" });
  });
});

describe("the receiver of alerts", () => {
  test("is ready if it accepts a test, and worth a warning if there is none", async () => {
    const sale = await putSale(aSale());
    expect(await check(sale, "alerts")).toMatchObject({ state: "warn" });
    const received = await givenReceiver();
    expect(await check(sale, "alerts")).toMatchObject({ state: "ok" });
    expect(received.map(({ body }) => body.type)).toEqual(["alert.test"]);
  });

  test("fails if it refuses the test", async () => {
    const sale = await putSale(aSale());
    await givenReceiver(() => 403);
    expect(await check(sale, "alerts")).toMatchObject({
      state: "fail",
      detail: "the receiver answered 403",
    });
  });
});
