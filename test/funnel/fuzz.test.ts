// Fuzzes every route of the app, as listed by the router: never a 5xx, always an error of the contract, and no call
// of Redis or an object.
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { app } from "../../src/app.ts";
import { cookieOf, givenLineSale } from "../admission/line.ts";
import { givenClock } from "../support/clock.ts";
import {
  ADMIN_TOKEN,
  type Answer,
  contractFaults,
  freshAddress,
  ORIGIN,
  send,
} from "../support/http.ts";
import { pauseQueue } from "../support/queue.ts";
import { emptyRedis, redisCost, redisIsBack } from "../support/redis.ts";
import { aBuyer, bought, onSale, order, tokenFor } from "../support/shop.ts";
import { type Garbage, garbageFor } from "./garbage.ts";

const PATHS = [...new Set(app.routes.filter(({ method }) => method !== "ALL").map((r) => r.path))];
/** Calls its dependencies for any caller, at a limited rate, which `personal.test.ts` checks. */
const PROBE = "/readyz";

const values: Record<string, string> = {};
let buyer: Awaited<ReturnType<typeof aBuyer>>;
let frozenAt: number;

// The consumer calls objects.
beforeAll(pauseQueue);
beforeAll(async () => {
  await emptyRedis();
  buyer = await aBuyer();
  values.skuId = await onSale({ price: 100, stock: 1_000, perUserLimit: 100 });
  values.orderId = (await bought(buyer, values.skuId)).id;
  frozenAt = Date.now() + 500;
});
beforeEach(redisIsBack);

function sendGarbage(
  { path, method, headers, body, contentType }: Garbage,
  as: Record<string, string>,
) {
  const bodiless = method === "GET" || method === "HEAD";
  const all = {
    "cf-connecting-ip": freshAddress(),
    ...headers,
    ...(contentType ? { "content-type": contentType } : {}),
    ...as,
  };
  const init = { method, headers: all, redirect: "manual" } as const;
  return send(new Request(ORIGIN + path, bodiless ? init : { ...init, body: body as BodyInit }));
}

/** Runs `work` and expects no Redis command and no object call. */
async function atNoCost(work: () => Promise<unknown>): Promise<void> {
  givenClock(frozenAt);
  await order(await aBuyer(), values.skuId as string); // loads the catalog into memory
  const lookups = [
    ...[env.SKU_INVENTORY, env.SALE_REGISTRY, env.SALE_LINES, env.SANDBOX_BANK],
    env.SALE_ALLOWANCE,
  ].map((objects) => vi.spyOn(objects as DurableObjectNamespace, "getByName"));
  onTestFinished(() => {
    for (const spy of lookups) spy.mockRestore();
  });
  const { commands } = await redisCost(() => {
    for (const spy of lookups) spy.mockClear(); // what the order above refreshed
    return work();
  });
  expect(commands).toBe(0);
  for (const spy of lookups) expect(spy).not.toHaveBeenCalled();
}

function expectValidAnswer(answer: Answer): void {
  expect(answer.status).toBeLessThan(500);
  expect(answer.headers.get("x-request-id")).toBeTruthy();
  expect(answer.headers.get("cache-control")).toBeTruthy();
  expect(new URL(answer.headers.get("location") ?? "/", ORIGIN).origin).toBe(ORIGIN);
  const isPage = answer.headers.get("content-type")?.startsWith("text/html");
  const isEmpty = String(answer.body) === "";
  if (answer.status >= 400 && !isPage && !isEmpty) expect(contractFaults(answer)).toEqual([]);
  expect(JSON.stringify(answer.body)).not.toMatch(/\bat [\w.<>]+ \(|\.ts:\d+|\.js:\d+/);
}

describe("garbage without valid credentials", () => {
  const strangers: Promise<Record<string, string>[]> = Promise.all([
    {},
    { authorization: "Bearer x.y.z" },
    { cookie: "session=x.y.z", origin: ORIGIN },
    { authorization: `Bearer ${ADMIN_TOKEN}x` },
    tokenFor("ann", "another-secret-of-at-least-32-characters").then((token) => ({
      authorization: `Bearer ${token}`,
    })),
  ]);

  test.each(PATHS.filter((path) => path !== PROBE))("gets a valid answer at %s", async (path) => {
    const callers = await strangers;
    await atNoCost(() =>
      fc.assert(
        fc.asyncProperty(
          garbageFor(path, values),
          fc.constantFrom(...callers),
          async (garbage, as) => {
            expectValidAnswer(await sendGarbage(garbage, as));
          },
        ),
        { numRuns: 50 },
      ),
    );
  });
});

describe("garbage with valid credentials", () => {
  const asBuyer = () => ({ authorization: `Bearer ${buyer.token}` });
  const asOperator = () => ({ authorization: `Bearer ${ADMIN_TOKEN}` });

  test.each<[string, string, () => Record<string, string>]>([
    ["POST", "/api/skus/:skuId/orders", asBuyer],
    ["POST", "/sales/x/skus/:skuId/buy", asBuyer],
    ["POST", "/api/orders/:orderId/payment", asBuyer],
    ["POST", "/api/login", () => ({})],
    ["POST", "/login", () => ({})],
    ["POST", "/api/webhooks/stripe", () => ({})],
    ["POST", "/api/admin/session", () => ({})],
    ["PUT", "/api/admin/sales/:saleId", asOperator],
    ["POST", "/api/admin/skus/:skuId/restock", asOperator],
    ["PUT", "/api/admin/denylist/ip/:value", asOperator],
    ["PUT", "/api/admin/allowlist/:kind/:value", asOperator],
  ])("is refused at %s %s", async (method, path, as) => {
    await atNoCost(() =>
      fc.assert(
        fc.asyncProperty(garbageFor(path, values, [method]), async (garbage) => {
          const answer = await sendGarbage(garbage, as());
          expectValidAnswer(answer);
          expect(answer.status).not.toBe(202);
        }),
        { numRuns: 200 },
      ),
    );
  });

  // Anyone signed in may join, so some of this is valid.
  test("gets a valid answer from a sale with a line", async () => {
    const { saleId, skuId } = await givenLineSale();
    for (const path of ["/api/sales/:saleId/tickets", "/api/skus/:skuId/orders"]) {
      await fc.assert(
        fc.asyncProperty(
          garbageFor(path, { saleId, skuId }, ["POST"]),
          fc.string({ maxLength: 300 }).map(encodeURIComponent),
          async (garbage, ticket) => {
            const cookie = cookieOf({ saleId }, buyer, ticket);
            const answer = await sendGarbage(garbage, { ...asBuyer(), cookie });
            expectValidAnswer(answer);
            expect(answer.status).not.toBe(202);
          },
        ),
        { numRuns: 100 },
      );
    }
  });
});
