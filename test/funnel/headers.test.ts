// Security headers, CORS, and the hosts at which the Worker answers.
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { app } from "../../src/app.ts";
import { LOCAL_GUARD_HEADER } from "../../src/config/local-address.ts";
import { styleUrl } from "../../src/pages/assets.ts";
import { ADMIN_TOKEN, call, ORIGIN, request } from "../support/http.ts";
import { captureQueue } from "../support/queue.ts";
import { emptyRedis } from "../support/redis.ts";
import { aBuyer, aSale, aSku, putSale, unique } from "../support/shop.ts";

const sku = aSku();
const sale = aSale({ skus: [sku] });
beforeAll(async () => {
  await emptyRedis();
  await putSale(sale);
});

const POLICY = {
  "cross-origin-opener-policy": "same-origin",
  "origin-agent-cluster": "?1",
  "referrer-policy": "same-origin",
  "strict-transport-security": "max-age=15552000; includeSubDomains",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

describe("security headers", () => {
  test.each([
    ["a page", "GET", "/", "cross-origin"],
    ["a sale's page", "GET", `/sales/${sale.id}`, "cross-origin"],
    ["an asset", "GET", "/assets/style-0123456789.css", "cross-origin"],
    ["the catalog", "GET", "/api/sales", "cross-origin"],
    ["the live stock", "GET", `/api/sales/${sale.id}/live`, "cross-origin"],
    ["the clock", "GET", "/api/time", "cross-origin"],
    ["a personal page", "GET", "/orders"],
    ["a refusal", "POST", `/api/skus/${sku.id}/orders`],
    ["an unknown path", "GET", "/nowhere"],
    ["the operator's API", "GET", "/api/admin/overview"],
    ["health", "GET", "/healthz"],
  ])("are complete on %s", async (_, method, path, readers = "same-origin") => {
    const { headers } = await call(method, path);
    expect(headers.get("cross-origin-resource-policy")).toBe(readers);
    for (const [name, value] of Object.entries(POLICY)) expect(headers.get(name)).toBe(value);
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|data:|\*/);
    expect(headers.get("server")).toBeNull();
    expect(headers.get("x-powered-by")).toBeNull();
  });
});

describe("scripts of other sites", () => {
  const publicPaths = ["/", `/sales/${sale.id}`, "/api/sales", `/api/sales/${sale.id}`].concat(
    `/api/sales/${sale.id}/live`,
    "/api/time",
    styleUrl("#1d3fbf"),
  );

  test.each(publicPaths)("may read %s, which is the same for everyone", async (path) => {
    const { status, headers } = await call("GET", path, {
      headers: { origin: "https://else.test" },
    });
    expect([status, headers.get("access-control-allow-origin")]).toEqual([200, "*"]);
    expect(headers.get("access-control-expose-headers")).toBe("X-Request-Id");
    expect(headers.get("cross-origin-resource-policy")).toBe("cross-origin");
    expect(headers.get("access-control-allow-credentials")).toBeNull();
  });

  test.each(["/api/orders", "/orders", "/api/admin/sales", "/readyz"])(
    "may not read %s",
    async (path) => {
      const { headers } = await call("GET", path, { headers: { origin: "https://else.test" } });
      expect(headers.get("access-control-allow-origin")).toBeNull();
      expect(headers.get("cross-origin-resource-policy")).toBe("same-origin");
    },
  );
});

describe("with PUBLIC_ORIGIN configured", () => {
  const PUBLIC_ORIGIN = "https://drops.shop.test";
  const configured = { ...env, PUBLIC_ORIGIN };
  const at = (origin: string, path: string, init: RequestInit = {}) =>
    app.fetch(new Request(origin + path, init), configured, createExecutionContext());

  test.each(["https://evil.test", "http://drops.shop.test", "https://drops.shop.test:444"])(
    "refuses every request at %s",
    async (origin) => {
      for (const path of ["/", "/api/sales", "/healthz", "/api/admin/sales"]) {
        const answer = await at(origin, path, {
          headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
        });
        expect(answer.status).toBe(421);
        expect(await answer.json()).toMatchObject({ code: "misdirected_request" });
        expect(answer.headers.get("cache-control")).toBe("no-store");
      }
    },
  );

  test("accepts a write with a cookie only from pages of that origin", async () => {
    captureQueue();
    const { token } = await aBuyer();
    const buy = (origin: string) => {
      const headers = {
        cookie: `session=${token}`,
        "idempotency-key": unique("key"),
        origin,
      };
      const sent = request("POST", `/api/skus/${sku.id}/orders`, {
        headers,
        body: { quantity: 1 },
      });
      return app.fetch(
        new Request(PUBLIC_ORIGIN + new URL(sent.url).pathname, sent),
        configured,
        createExecutionContext(),
      );
    };
    expect((await buy(ORIGIN)).status).toBe(403);
    expect((await buy(PUBLIC_ORIGIN)).status).toBe(202);
  });
});

describe("on a developer's machine", () => {
  const at = async (origin: string, vars: object = {}) => {
    const sent = new Request(`${origin}/api/admin/overview`, {
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    });
    return app.fetch(sent, { ...env, LOCAL_ONLY: "true", ...vars }, createExecutionContext());
  };

  test.each([
    "http://localhost:8787",
    "http://127.0.0.1:8787",
    "http://[::1]:8787",
    "http://localhost",
  ])("serves %s", async (origin) => {
    expect((await at(origin)).status).toBe(200);
  });

  test.each([
    "http://evil.test:8787",
    "http://localhost.evil.test:8787",
    "http://evil.localhost.test",
    "http://127.0.0.1.evil.test",
    "http://192.168.1.5:8787",
    "http://localhost.:8787",
  ])("refuses %s, which could be a DNS rebinding attack, and explains why", async (origin) => {
    const answer = await at(origin);
    expect(answer.status).toBe(421);
    expect(await answer.json()).toMatchObject({
      code: "misdirected_request",
      detail: expect.stringContaining("LOCAL_ONLY"),
    });
  });

  test("refuses a request that bypassed the local front server, whatever its URL", async () => {
    const vars = { LOCAL_GUARD: "a-secret-of-this-run" };
    const statusWith = async (value?: string) => {
      const headers = {
        authorization: `Bearer ${ADMIN_TOKEN}`,
        ...(value === undefined ? {} : { [LOCAL_GUARD_HEADER]: value }),
      };
      const sent = new Request("http://localhost:8787/api/admin/overview", { headers });
      return (await app.fetch(sent, { ...env, ...vars }, createExecutionContext())).status;
    };
    expect(await statusWith()).toBe(421);
    expect(await statusWith("a-secret-of-this-ru")).toBe(421);
    expect(await statusWith(vars.LOCAL_GUARD)).toBe(200);
  });

  test("serves another host if the developer configures it", async () => {
    expect((await at("http://192.168.1.5:8787", { LOCAL_ONLY: "false" })).status).toBe(200);
    const PUBLIC_ORIGIN = "https://tunnel.test";
    expect((await at(PUBLIC_ORIGIN, { PUBLIC_ORIGIN })).status).toBe(200);
    expect((await at("http://localhost:8787", { PUBLIC_ORIGIN })).status).toBe(421);
  });
});

describe("files that browsers and crawlers request on their own", () => {
  test.each([
    ["/robots.txt", "text/plain; charset=utf-8", /^User-agent: \*\n(Disallow: \S+\n)+$/],
    ["/favicon.ico", "image/svg+xml; charset=utf-8", /^<svg/],
  ])("serves %s as cacheable", async (path, type, content) => {
    const { status, headers, body } = await call<string>("GET", path);
    expect([status, headers.get("content-type")]).toEqual([200, type]);
    expect(headers.get("cache-control")).toBe("public, max-age=86400");
    expect(body).toMatch(content);
    expect((await call("HEAD", path)).status).toBe(200);
  });

  test("lets crawlers index pages, but not orders or the API", async () => {
    const { body } = await call<string>("GET", "/robots.txt");
    expect(body.match(/(?<=Disallow: ).+/g)).toEqual([
      "/api/",
      "/admin",
      "/orders",
      "/sales/*/skus/",
      "/sales/*/buy",
      "/sales/*/line",
      "/sales/*/ready",
    ]);
  });
});

test.each(["HEAD", "GET"])("%s of an unknown asset is not found", async (method) => {
  expect((await call(method, "/assets/none-0123456789.js")).status).toBe(404);
});
