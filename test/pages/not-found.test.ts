// What a browser gets where nothing is: a page in words, or the way to the same path without its last slash.
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Hono } from "hono";
import { expect, test } from "vitest";
import type { AppEnv } from "../../src/http.ts";
import { notFoundPage, wantsPage } from "../../src/pages/refusals.ts";
import { ORIGIN } from "../support/http.ts";

const site = new Hono<AppEnv>().notFound((c) =>
  wantsPage(c) ? notFoundPage(c) : c.text("no page", 404),
);

const visit = (path: string, headers: HeadersInit = { accept: "text/html,*/*;q=0.8" }) =>
  site.fetch(new Request(ORIGIN + path, { headers }), env, createExecutionContext());

test("a browser is told so in words, and nobody keeps it", async () => {
  const answer = await visit("/nowhere");
  expect([answer.status, answer.headers.get("cache-control")]).toEqual([404, "private, no-store"]);
  expect(await answer.text()).toContain("There is nothing here");
});

test.each([
  ["/sales/a/", "/sales/a"],
  ["/orders//?x=1", "/orders?x=1"],
])("%s leads to %s", async (path, target) => {
  const answer = await visit(path);
  expect([answer.status, answer.headers.get("location")]).toEqual([301, target]);
});

test.each(["//evil.test/", "/\\evil.test/", "/%5Cevil.test/"])("%s leads nowhere", async (path) => {
  const { status, headers } = await visit(path);
  const target = new URL(headers.get("location") ?? "/", ORIGIN);
  expect([404, 301]).toContain(status);
  expect(target.origin).toBe(ORIGIN);
});

test.each([
  ["/nowhere", { accept: "application/json" }],
  ["/api/nowhere", { accept: "text/html" }],
  ["/nowhere", {}],
])("%s with %j is asked for by a program", async (path, headers) => {
  expect(await (await visit(path, headers as HeadersInit)).text()).toBe("no page");
});
