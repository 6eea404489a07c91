// Other sites that may call the buyers' API from their own pages: with a bearer token, and never with cookies.
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { app } from "../../src/app.ts";
import { ADMIN_TOKEN, ORIGIN, request } from "../support/http.ts";
import { captureQueue } from "../support/queue.ts";
import { emptyRedis, redisCost } from "../support/redis.ts";
import { aBuyer, aSale, aSku, putSale, unique } from "../support/shop.ts";

const SHOP = "https://shop.example";
const configured = { ...env, ALLOWED_ORIGINS: `${SHOP} http://localhost:3000` };
const sku = aSku({ stock: 5 });
const sale = aSale({ skus: [sku] });
const orders = `/api/skus/${sku.id}/orders`;

beforeAll(async () => {
  await emptyRedis();
  await putSale(sale);
});

const fetchApp = async (asked: Request) => app.fetch(asked, configured, createExecutionContext());

const EXPOSED =
  "Location, Retry-After, RateLimit, RateLimit-Policy, X-RateLimit-Limit, X-RateLimit-Remaining, " +
  "X-RateLimit-Reset, Idempotent-Replayed, X-Request-Id";

/** The access that an answer gives to scripts of other sites. */
const accessOf = ({ headers }: Response) => ({
  origin: headers.get("access-control-allow-origin"),
  exposed: headers.get("access-control-expose-headers"),
  vary: headers.get("vary"),
  cache: headers.get("cache-control"),
  credentials: headers.get("access-control-allow-credentials"),
});
const OPEN = {
  origin: SHOP,
  exposed: EXPOSED,
  vary: "Origin",
  cache: "no-store",
  credentials: null,
};

function preflightOf(path: string, origin: string, method = "POST"): Request {
  const asked = { "access-control-request-method": method };
  const headers = { origin, ...asked, "access-control-request-headers": "authorization" };
  return request("OPTIONS", path, { headers });
}

describe("a page of an allowed site", () => {
  test("buys with a bearer token and reads the answer, the order, and errors", async () => {
    captureQueue();
    const { token } = await aBuyer();
    const headers = { origin: SHOP, "idempotency-key": unique("key") };
    const bought = await fetchApp(
      request("POST", orders, { token, headers, body: { quantity: 1 } }),
    );
    expect([bought.status, accessOf(bought)]).toEqual([202, OPEN]);
    const path = bought.headers.get("location") as string;
    const own = await fetchApp(request("GET", path, { token, headers }));
    expect([own.status, accessOf(own)]).toEqual([200, OPEN]);
    for (const [asked, status] of [
      [request("GET", path, { headers }), 401],
      [request("GET", "/api/orders/unknown", { token, headers }), 404],
      [request("PUT", orders, { token, headers }), 405],
      [request("POST", orders, { token, headers, body: { quantity: -1 } }), 400],
    ] as const) {
      const refused = await fetchApp(asked);
      expect([refused.status, accessOf(refused)]).toEqual([status, OPEN]);
    }
  });

  test("gets the answer to its preflight without any I/O", async () => {
    const { result, commands } = await redisCost(() => fetchApp(preflightOf(orders, SHOP)));
    expect([result.status, await result.text(), commands]).toEqual([204, "", 0]);
    expect(accessOf(result)).toEqual(OPEN);
    expect(result.headers.get("access-control-allow-methods")).toBe("GET, POST, DELETE");
    expect(result.headers.get("access-control-max-age")).toBe("7200");
    const allowed = result.headers.get("access-control-allow-headers")?.split(", ");
    expect(allowed).toEqual(
      expect.arrayContaining(["Authorization", "Idempotency-Key", "Idempotency-Retry"]),
    );
  });

  test("gains nothing from the buyer's cookie", async () => {
    const { token } = await aBuyer();
    const headers = { origin: SHOP, cookie: `session=${token}`, "idempotency-key": unique("key") };
    const refused = await fetchApp(request("POST", orders, { headers, body: { quantity: 1 } }));
    expect([refused.status, refused.headers.get("access-control-allow-credentials")]).toEqual([
      403,
      null,
    ]);
  });

  test("reads public answers as every site does", async () => {
    const { headers } = await fetchApp(request("GET", "/api/sales", { headers: { origin: SHOP } }));
    expect(headers.get("access-control-allow-origin")).toBe("*");
    expect(headers.get("vary")).toBeNull();
  });

  test("can ask whether a public answer changed, and read that it did not", async () => {
    const first = await fetchApp(
      request("GET", `/sales/${sale.id}`, { headers: { origin: SHOP } }),
    );
    const etag = first.headers.get("etag") as string;
    const headers = { origin: SHOP, "if-none-match": etag };
    const again = await fetchApp(request("GET", `/sales/${sale.id}`, { headers }));
    expect([again.status, again.headers.get("access-control-allow-origin")]).toEqual([304, "*"]);
  });

  test("reads refusals of limits as well", async () => {
    const { token } = await aBuyer();
    const headers = { origin: SHOP, "idempotency-key": "many" };
    const asked = () => request("POST", orders, { token, headers, body: { quantity: 2 } });
    const answers = await Promise.all(Array.from({ length: 60 }, async () => fetchApp(asked())));
    const limited = answers.filter(({ status }) => status === 429);
    expect(limited.length).toBeGreaterThan(0);
    for (const answer of limited) expect(accessOf(answer)).toEqual(OPEN);
  });
});

describe("no access", () => {
  test.each([
    ["another site", "https://else.example"],
    ["an origin of no page", "null"],
    ["a site whose name begins alike", `${SHOP}.evil.example`],
    ["another port", `${SHOP}:8443`],
    ["the same name without TLS", "http://shop.example"],
    ["another case", "https://SHOP.example"],
    ["two origins", `${SHOP}, https://else.example`],
  ])("for %s", async (_, origin) => {
    const asked = await fetchApp(preflightOf(orders, origin));
    expect([asked.status, asked.headers.get("access-control-allow-origin")]).toEqual([405, null]);
    const read = await fetchApp(request("GET", "/api/orders", { headers: { origin } }));
    expect([read.status, read.headers.get("access-control-allow-origin")]).toEqual([401, null]);
  });

  test.each([
    "/api/admin/sales",
    "/api/webhooks/stripe",
    "/api/merchant/orders/x/payment-result",
    "/api/login",
    "/orders",
    "/readyz",
  ])("to %s from an allowed site", async (path) => {
    const token = ADMIN_TOKEN;
    for (const asked of [
      preflightOf(path, SHOP),
      request("GET", path, { token, headers: { origin: SHOP } }),
    ]) {
      const answer = await fetchApp(asked);
      expect(answer.headers.get("access-control-allow-origin")).toBeNull();
      expect(answer.headers.get("access-control-allow-methods")).toBeNull();
    }
  });

  test("without ALLOWED_ORIGINS", async () => {
    const asked = preflightOf(orders, ORIGIN);
    const answer = await app.fetch(asked, env, createExecutionContext());
    expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([405, null]);
  });
});
