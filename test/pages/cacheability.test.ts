// Walks every route of the router: a personalized response is never cacheable, and a cacheable response is
// identical for every caller.
import { exports } from "cloudflare:workers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { app } from "../../src/app.ts";
import { ADMIN_TOKEN, ORIGIN, request } from "../support/http.ts";
import { aBuyer, aSale, aSku, bought, putSale, unique } from "../support/shop.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];
/** Every method on every path, including methods the path does not support. */
const ROUTES = [
  ...new Set(app.routes.filter(({ method }) => method !== "ALL").map(({ path }) => path)),
  "/nowhere",
].flatMap((path) => METHODS.map((method) => `${method} ${path}`));
/** One fixture per path, shared by its methods: nothing after DELETE depends on what it removed. */
const stages: Record<string, ReturnType<typeof stage>> = {};
/** Headers that differ between any two responses, even to the same caller. */
const VARYING = new Set(["x-request-id", "date"]);

beforeEach(() => {
  // Freeze the clock: a response that contains the time must not look personalized.
  vi.setSystemTime(Date.now());
});

afterEach(() => {
  vi.useRealTimers();
});

test.each(ROUTES)("never caches a personalized response to %s", async (route) => {
  const [method = "", path = ""] = route.split(" ");
  stages[path] ??= stage(path);
  const { target, callers } = await stages[path];
  const answers = [];
  for (const headers of callers) {
    const sent = request(method, target, {
      headers: { origin: ORIGIN, ...headers },
      ...(method === "GET" || method === "HEAD" ? {} : { body: {} }),
    });
    answers.push(await read(sent));
  }
  const variants = new Set(answers.map(fingerprint));
  for (const { status, headers } of answers) {
    const policy = headers.get("cache-control");
    expect(policy, "an explicit Cache-Control").toBeTruthy();
    const cacheable = !/\bno-store\b/.test(policy ?? "");
    expect(cacheable && variants.size > 1, `cacheable but personalized: ${policy}`).toBe(false);
    if (!cacheable) continue;
    expect(["GET", "HEAD"]).toContain(method);
    expect(status).toBeLessThan(300);
    expect(headers.get("set-cookie")).toBeNull();
    expect(policy).toMatch(/\bpublic\b/);
    expect(headers.get("vary") ?? "").not.toMatch(/cookie|authorization|\*/i);
  }
});

test("covers the pages, the public API and the admin API", () => {
  expect(ROUTES).toEqual(
    expect.arrayContaining([
      "GET /",
      "GET /sales/:saleId",
      "POST /sales/:saleId/skus/:skuId/buy",
      "GET /orders/:orderId",
      "GET /api/orders",
      "PUT /api/admin/sales/:saleId",
    ]),
  );
});

/** A sale, one buyer's order, and the callers to compare. */
async function stage(path: string) {
  const sku = aSku();
  const sale = await putSale(aSale({ skus: [sku] }));
  const [alice, bob] = [await aBuyer(), await aBuyer()];
  const order = await bought(alice, sku.id);
  const values: Record<string, string> = {
    saleId: sale.id,
    skuId: sku.id,
    orderId: order.id,
    file: "style-0123456789.css",
  };
  return {
    target: path.replace(/:(\w+)(\{[^}]*\})?/g, (_, name: string) => values[name] ?? unique("any")),
    callers: [
      {},
      { "accept-language": "de", "user-agent": "another", cookie: "other=1" },
      { cookie: `session=${alice.token}` },
      { cookie: `session=${bob.token}` },
      { authorization: `Bearer ${alice.token}` },
      { authorization: `Bearer ${ADMIN_TOKEN}` },
    ] as Record<string, string>[],
  };
}

/** The response itself; redirects are not followed. */
async function read(sent: Request) {
  const response = await exports.default.fetch(new Request(sent, { redirect: "manual" }));
  return { status: response.status, headers: response.headers, body: await response.text() };
}

/** Everything in a response that could differ between callers. */
function fingerprint({ status, headers, body }: Awaited<ReturnType<typeof read>>): string {
  const shown = [...headers].filter(([name]) => !VARYING.has(name));
  const words = body.replace(/"requestId":"[^"]*"/, "");
  return JSON.stringify([status, shown, words]);
}
