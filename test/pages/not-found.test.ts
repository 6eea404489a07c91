// Unknown paths: an HTML page for browsers, JSON for programs, and a redirect that strips trailing slashes.
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { Hono } from "hono";
import { expect, test } from "vitest";
import { requireConfig } from "../../src/config/config.ts";
import type { AppEnv } from "../../src/http/request.ts";
import { notFoundPage, wantsPage } from "../../src/pages/error-pages.ts";
import { call, contractFaults, ORIGIN } from "../support/http.ts";

const config = requireConfig(env);
const site = new Hono<AppEnv>().notFound((c) => {
  c.set("config", config);
  return wantsPage(c) ? notFoundPage(c) : c.text("no page", 404);
});

const visit = (path: string, headers: HeadersInit = { accept: "text/html,*/*;q=0.8" }) =>
  site.fetch(new Request(ORIGIN + path, { headers }), env, createExecutionContext());

test("serves browsers a 404 page that no cache stores", async () => {
  const answer = await visit("/nowhere");
  expect([answer.status, answer.headers.get("cache-control")]).toEqual([404, "private, no-store"]);
  expect(await answer.text()).toContain("Page not found");
});

test.each([
  ["/sales/a/", "/sales/a"],
  ["/orders//?x=1", "/orders?x=1"],
])("redirects %s to %s", async (path, target) => {
  const answer = await visit(path);
  expect([answer.status, answer.headers.get("location")]).toEqual([301, target]);
});

test.each([
  "//evil.test/",
  "/\\evil.test/",
  "/%5Cevil.test/",
  "/%5C%5Cevil.test/",
  "/%09/evil.test/",
  "/%0A/evil.test/",
  "/%0D%0ASet-Cookie:a=b/",
  "/%00/",
  "/%E2%80%A8/x/",
  "/.//evil.test/",
  "/x/..//evil.test/",
  "/%2F%2Fevil.test/",
  "/%zz//",
  "/%ff/",
])("never redirects %s to another site", async (path) => {
  const { status, headers } = await visit(path);
  const target = new URL(headers.get("location") ?? "/", ORIGIN);
  expect([404, 301]).toContain(status);
  expect(target.origin).toBe(ORIGIN);
  expect(headers.get("set-cookie")).toBeNull();
});

test("never redirects off-site or fails, whatever the path", async () => {
  const odd = fc.constantFrom(
    "/",
    "%09",
    "%0a",
    "%00",
    "%5c",
    "\\",
    ".",
    "%2e",
    "%",
    "e.test",
    "%c3",
    "?",
  );
  await fc.assert(
    fc.asyncProperty(fc.array(odd, { maxLength: 8 }), async (parts) => {
      const { status, headers } = await visit(`/${parts.join("")}/`);
      expect([404, 301]).toContain(status);
      expect(new URL(headers.get("location") ?? "/", ORIGIN).origin).toBe(ORIGIN);
    }),
    { numRuns: 300 },
  );
});

test("keeps the percent-encoding when it strips a trailing slash", async () => {
  const { headers } = await visit("/sales/%C3%BC%2Fx/?q=%09");
  expect(headers.get("location")).toBe("/sales/%C3%BC%2Fx?q=%09");
});

test.each([
  ["/nowhere", { accept: "application/json" }],
  ["/api/nowhere", { accept: "text/html" }],
  ["/nowhere", {}],
  ["/nowhere", { accept: "*/*" }],
  ["/nowhere", { accept: "text/html;q=0" }],
  ["/nowhere", { accept: "text/html; q=0.0, */*" }],
  ["/nowhere", { accept: "application/json, text/html;q=0.5" }],
  ["/nowhere", { accept: "text/*;q=0.1, application/*" }],
])("treats a request for %s with headers %j as coming from a program", async (path, headers) => {
  expect(await (await visit(path, headers as HeadersInit)).text()).toBe("no page");
});

test.each([
  "text/html",
  "TEXT/HTML",
  "text/*",
  "text/html, application/json;q=0.9",
  "text/html, */*",
  "text/html;q=0.2, application/json;q=0.1",
])("serves a page for Accept: %s", async (accept) => {
  expect(await (await visit("/nowhere", { accept })).text()).toContain("Page not found");
});

test("reports a failed page as JSON to a caller that does not accept HTML", async () => {
  const answer = await call("GET", "/sales/none", { headers: { accept: "text/html;q=0" } });
  expect(answer.code).toBe("not_found");
  expect(contractFaults(answer)).toEqual([]);
});
