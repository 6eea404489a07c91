// Fuzzes every route of the app, as listed by the router: never a 5xx, always an error of the contract, and no call
// of Redis or an object.
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { app } from "../../src/app.ts";
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
import {
  aBuyer,
  bought,
  onSale,
  order,
  stockPublished,
  suppressLiveStock,
  tokenFor,
} from "../support/shop.ts";

const METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"];
const PATHS = [...new Set(app.routes.filter(({ method }) => method !== "ALL").map((r) => r.path))];
/** Calls its dependencies for any caller, at a limited rate, which `personal.test.ts` checks. */
const PROBE = "/readyz";

const values: Record<string, string> = {};
let buyer: Awaited<ReturnType<typeof aBuyer>>;
let frozenAt: number;

beforeAll(async () => {
  await emptyRedis();
  buyer = await aBuyer();
  values.skuId = await onSale({ price: 100, stock: 1_000, perUserLimit: 100 });
  values.orderId = (await bought(buyer, values.skuId)).id;
  await stockPublished(values.skuId, 999);
  frozenAt = Date.now() + 500;
  return pauseQueue();
});
beforeEach(redisIsBack);

const words = fc.constantFrom(
  "",
  " ",
  "..",
  "%2e%2e",
  "%00",
  "%zz",
  "%2f",
  "__proto__",
  "constructor",
  "null",
  "-1",
  "0",
  "1e308",
  "٣",
  "🎟️",
  "\u202e",
  "a".repeat(300),
  "<script>",
  "' OR 1=1--",
  "#{7*7}",
  "{{x}}",
  "\r\nX-Y: z",
);
const text = fc.oneof(words, fc.string(), fc.string({ unit: "binary", maxLength: 60 }));
/** Path segments no normal client sends: broken percent-encoding, invalid UTF-8, control characters. */
const rawSegment = fc.constantFrom(
  "%",
  "%z1",
  "%0",
  "%00",
  "%0a%0d",
  "%09",
  "%5c",
  "%c3",
  "%E0%A4%A",
  "%ff%fe",
  "%ed%a0%80",
  "x".repeat(8_000),
  ";a=b",
  "%3f",
);
const segment = fc.oneof(
  { weight: 2, arbitrary: text.map((part) => encodeURIComponent(part.toWellFormed()) || "x") },
  rawSegment,
);
/** Values with a meaning in some headers, and values of repeated headers. */
const headerWords = fc.constantFrom(
  '"a", "b"',
  "*",
  'W/"x"',
  ",,,",
  ";;;=",
  "text/html",
  "text/html;q=0",
  "text/html;q=x,*/*;q=",
  "session=a; session=b, session=c",
  "session=%",
  "gzip",
  "identity, identity",
  "bytes=0-",
);
const headerValue = fc.oneof(
  text.map((value) => value.replace(/[^\x20-\x7e]/g, "?").trim()),
  headerWords,
);

const json = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.dictionary(
    fc.constantFrom("quantity", "paymentToken", "ticket", "user", "next", "key", "note", "seconds"),
    fc.oneof(text, fc.double(), fc.bigInt().map(Number), fc.constant(null), fc.array(fc.nat())),
  ),
);
const body = fc.oneof(
  json.map((value) => JSON.stringify(value) ?? ""),
  fc
    .dictionary(fc.constantFrom("quantity", "key", "user", "next"), text)
    .map((fields) =>
      String(new URLSearchParams(Object.entries(fields).map(([k, v]) => [k, v.toWellFormed()]))),
    ),
  fc.uint8Array({ maxLength: 200 }),
  fc.constantFrom(" ".repeat(200_000), "[".repeat(5_000), '{"quantity":1'),
);
const contentType = fc.constantFrom(
  "application/json",
  "application/x-www-form-urlencoded",
  "text/plain",
  "multipart/form-data",
  "application/json; charset=utf-16",
  "",
);
const headers = fc.dictionary(
  fc.constantFrom(
    "idempotency-key",
    "idempotency-retry",
    "visit-token",
    "challenge-token",
    "origin",
    "cookie",
    "if-none-match",
    "if-match",
    "if-modified-since",
    "content-encoding",
    "sec-fetch-site",
    "cf-connecting-ip",
    "x-http-method-override",
    "x-forwarded-for",
    "range",
    "accept",
    "stripe-signature",
  ),
  headerValue,
);

interface Garbage {
  path: string;
  method: string;
  headers: Record<string, string>;
  body: string | Uint8Array;
  contentType: string;
}

/** A malformed request for this path, with random parameters or with those of a real order and SKU. */
const garbageFor = (path: string, methods = METHODS): fc.Arbitrary<Garbage> =>
  fc.record({
    path: fc
      .tuple(segment, segment, fc.boolean(), fc.constantFrom("", "", "/", "//"))
      .map(([first, second, real, end]) => {
        const given = [first, second];
        const made = path.replace(/:(\w+)(\{[^}]*\})?/g, (_, name: string) =>
          real && values[name] ? values[name] : (given.shift() ?? "x"),
        );
        return made + end;
      }),
    method: fc.constantFrom(...methods),
    headers,
    body,
    contentType,
  });

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
  suppressLiveStock();
  givenClock(frozenAt);
  await order(await aBuyer(), values.skuId as string); // loads the catalog into memory
  const lookups = [env.SKU_INVENTORY, env.SALE_REGISTRY, env.SANDBOX_BANK].map((objects) =>
    vi.spyOn(objects as DurableObjectNamespace, "getByName"),
  );
  onTestFinished(() => {
    for (const spy of lookups) spy.mockRestore();
  });
  const { commands } = await redisCost(work);
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
        fc.asyncProperty(garbageFor(path), fc.constantFrom(...callers), async (garbage, as) => {
          expectValidAnswer(await sendGarbage(garbage, as));
        }),
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
    ["PUT", "/api/admin/sales/:saleId", asOperator],
    ["POST", "/api/admin/skus/:skuId/restock", asOperator],
    ["PUT", "/api/admin/denylist/ip/:value", asOperator],
    ["PUT", "/api/admin/allowlist/:kind/:value", asOperator],
  ])("is refused at %s %s", async (method, path, as) => {
    await atNoCost(() =>
      fc.assert(
        fc.asyncProperty(garbageFor(path, [method]), async (garbage) => {
          const answer = await sendGarbage(garbage, as());
          expectValidAnswer(answer);
          expect(answer.status).not.toBe(202);
        }),
        { numRuns: 200 },
      ),
    );
  });
});
