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
