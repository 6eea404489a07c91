// The OpenAPI document as it is served.
import { expect, test } from "vitest";
import { call } from "../support/http.ts";

test("serves the OpenAPI document to scripts of any site, for caches to keep", async () => {
  const { status, body, headers } = await call("GET", "/openapi.json");
  expect(status).toBe(200);
  expect(headers.get("content-type")).toBe("application/json");
  expect(headers.get("cache-control")).toBe("public, max-age=3600");
  expect(headers.get("access-control-allow-origin")).toBe("*");
  expect(body).toMatchObject({ openapi: "3.1.1", paths: { "/api/sales": {} } });
});

test("sends an unchanged document only once", async () => {
  const { headers } = await call("GET", "/openapi.json");
  const etag = headers.get("etag") as string;
  const again = await call<string>("GET", "/openapi.json", { headers: { "if-none-match": etag } });
  expect(again).toMatchObject({ status: 304, body: "" });
  expect(again.headers.get("etag")).toBe(etag);
});

test("shows the same to people, in a page that the content policy allows", async () => {
  const { status, body, headers } = await call<string>("GET", "/docs");
  expect(status).toBe(200);
  expect(headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(headers.get("cache-control")).toBe("public, max-age=3600");
  expect(headers.get("etag")).toMatch(/^"[0-9a-f]{16}"$/);
  expect(body).not.toMatch(/<script|<style| style=| on\w+=/);
  const style = /href="(\/docs\.css[^"]+)"/.exec(body)?.[1] as string;
  expect((await call<string>("GET", style)).headers.get("content-type")).toMatch(/^text\/css/);
});

test("has a target for every link of the page", async () => {
  const { body } = await call<string>("GET", "/docs");
  const ids = new Set([...body.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
  const links = [...body.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id as string);
  expect(links.length).toBeGreaterThan(500);
  expect([...new Set(links)].filter((id) => !ids.has(id))).toEqual([]);
});
