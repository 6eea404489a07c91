// Over every route of the app, found by walking the router: what depends on the caller is never cacheable,
// and what is cacheable is the same for everybody.
import { exports } from "cloudflare:workers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { app } from "../../src/app.ts";
import { ADMIN_TOKEN, ORIGIN, request } from "../support/http.ts";
import { aBuyer, aSale, aSku, bought, putSale, unique } from "../support/shop.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];
/** Every method on every path, those the path does not know included. */
const ROUTES = [
  ...new Set(app.routes.filter(({ method }) => method !== "ALL").map(({ path }) => path)),
  "/nowhere",
].flatMap((path) => METHODS.map((method) => `${method} ${path}`));
/** One for all methods of a path: the last that could change something is DELETE. */
const stages: Record<string, ReturnType<typeof stage>> = {};
/** What differs between any two answers, whoever asks. */
const VARYING = new Set(["x-request-id", "date"]);

beforeEach(() => {
  // An answer that quotes the clock must not look as if it depended on the caller.
  vi.setSystemTime(Date.now());
});

afterEach(() => {
  vi.useRealTimers();
});

test.each(ROUTES)("%s tells callers apart or is cacheable, never both", async (route) => {
  const [method = "", path = ""] = route.split(" ");
  stages[path] ??= stage(path);
  const { target, callers } = await stages[path];
  const answers = [];
  for (const headers of callers) {
    const asked = request(method, target, {
      headers: { origin: ORIGIN, ...headers },
      ...(method === "GET" || method === "HEAD" ? {} : { body: {} }),
    });
    answers.push(await read(asked));
  }
  const faces = new Set(answers.map(faceOf));
  for (const { status, headers } of answers) {
    const policy = headers.get("cache-control");
    expect(policy, "an explicit Cache-Control").toBeTruthy();
    const kept = !/\bno-store\b/.test(policy ?? "");
    expect(kept && faces.size > 1, `cacheable, and different for callers: ${policy}`).toBe(false);
    if (!kept) continue;
    expect(["GET", "HEAD"]).toContain(method);
    expect(status).toBeLessThan(300);
    expect(headers.get("set-cookie")).toBeNull();
    expect(policy).toMatch(/\bpublic\b/);
    expect(headers.get("vary") ?? "").not.toMatch(/cookie|authorization|\*/i);
  }
});

test("the walk has met the pages, the API and the operator's routes", () => {
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

/** A sale, an order of one buyer, and everybody who might ask. */
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

/** The answer itself: a redirect is not followed. */
async function read(asked: Request) {
  const response = await exports.default.fetch(new Request(asked, { redirect: "manual" }));
  return { status: response.status, headers: response.headers, body: await response.text() };
}

/** Everything of an answer that could tell one caller from another. */
function faceOf({ status, headers, body }: Awaited<ReturnType<typeof read>>): string {
  const shown = [...headers].filter(([name]) => !VARYING.has(name));
  const words = body.replace(/"requestId":"[^"]*"/, "");
  return JSON.stringify([status, shown, words]);
}
