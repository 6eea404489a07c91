// Hostile requests at the operator's routes, the login, and unknown paths.
import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ADMIN_TOKEN, ORIGIN } from "../support/http.ts";
import { emptyRedis, redisIsBack } from "../support/redis.ts";
import { aBuyer, onSale } from "../support/shop.ts";
import { expectContract, jsonType, sendHostile } from "./hostile-request.ts";

beforeAll(emptyRedis);
beforeEach(redisIsBack);

const asOperator = { authorization: `Bearer ${ADMIN_TOKEN}` };

describe("the operator's routes", () => {
  const paths = [
    "/sales",
    "/sales/x",
    "/skus/x/ledger",
    "/skus/x/orders",
    "/dead-letters",
    "/nothing",
    "",
  ];

  test("refuse everyone else, without revealing which paths exist", async () => {
    const buyer = await aBuyer();
    const credentials = [
      "",
      "Bearer",
      "Basic dGVzdDp0ZXN0",
      "Bearer wrong",
      `Bearer ${ADMIN_TOKEN}x`,
      `Bearer ${ADMIN_TOKEN.slice(0, -1)}`,
      `Bearer ${ADMIN_TOKEN}, Bearer ${ADMIN_TOKEN}`,
      `Bearer ${buyer.token}`,
    ];
    for (const path of paths) {
      for (const authorization of credentials) {
        const answer = await sendHostile({
          method: "GET",
          path: `/api/admin${path}`,
          headers: { authorization },
        });
        expect(answer).toMatchObject({ status: 401, code: "unauthenticated" });
        expectContract([answer]);
      }
    }
  });

  test("refuse random sales with invalid_request", async () => {
    const document = fc.oneof(
      fc.jsonValue(),
      fc
        .record(
          {
            id: fc.constant("s"),
            title: fc.anything(),
            opensAt: fc.oneof(
              fc.string(),
              fc.date().map(String),
              fc.constant("2026-02-31T00:00:00Z"),
            ),
            closesAt: fc.constant("2026-12-01T00:00:00Z"),
            skus: fc.array(fc.jsonValue(), { maxLength: 3 }),
          },
          { requiredKeys: [] },
        )
        .map((value) => JSON.parse(JSON.stringify(value))),
    );
    await fc.assert(
      fc.asyncProperty(document, async (value) => {
        const answer = await sendHostile({
          method: "PUT",
          path: "/api/admin/sales/s",
          headers: { ...asOperator, ...jsonType },
          body: JSON.stringify(value),
        });
        expect(answer.code).toBe("invalid_request");
        expectContract([answer]);
      }),
      { numRuns: 100 },
    );
  });

  test("refuse forged cursors with invalid_request", async () => {
    const skuId = await onSale();
    const cursor = fc.oneof(
      fc.string({ unit: "binary", minLength: 1 }),
      fc.base64String({ minLength: 1 }),
      fc.json().map((text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)))),
    );
    await fc.assert(
      fc.asyncProperty(cursor, async (text) => {
        const path = `/api/admin/skus/${skuId}/orders?cursor=${encodeURIComponent(text.toWellFormed())}`;
        const answer = await sendHostile({ method: "GET", path, headers: asOperator });
        expect(answer.code).toBe("invalid_request");
        expectContract([answer]);
      }),
      { numRuns: 60 },
    );
  });
});

test("unknown paths are not_found, and unknown methods are method_not_allowed with Allow", async () => {
  const unknown = [
    "/api",
    "/api/",
    "/api//orders",
    "/API/sales",
    "/api/sales/",
    "/api/skus",
    "/.env",
    "/api/..%2fadmin",
    "/api/sales/%00",
    "/api/sales/%zz",
    "/wp-login.php",
    "/api/sales/x/y/z",
    "/openapi.json/x",
    `/api/sales/${"x".repeat(8_000)}`,
  ];
  for (const path of unknown) {
    const answer = await sendHostile({ method: "GET", path });
    expect(answer.code).toBe("not_found");
    expectContract([answer]);
  }
  for (const [path, allow] of [
    ["/api/sales", "GET, HEAD"],
    ["/api/login", "POST"],
    ["/healthz", "GET, HEAD"],
    ["/api/orders/x", "GET, HEAD, DELETE"],
    [`/sales/x/skus/y/buy`, "GET, HEAD, POST"],
  ]) {
    for (const method of ["PUT", "PATCH", "PURGE", "OPTIONS"]) {
      const answer = await sendHostile({ method, path: path as string });
      expect(answer).toMatchObject({ status: 405, code: "method_not_allowed" });
      expect(answer.headers.get("allow")).toBe(allow);
      expectContract([answer]);
    }
  }
});

test("a login from another site or without a valid user is refused", async () => {
  const login = (body: string, headers: Record<string, string> = {}) =>
    sendHostile({ method: "POST", path: "/api/login", headers: { ...jsonType, ...headers }, body });
  for (const user of ["", "   ", "x".repeat(129), 1, null, {}]) {
    const answer = await login(JSON.stringify({ user }));
    expect(answer.code).toBe("invalid_request");
    expectContract([answer]);
  }
  expect((await login('{"user":"\\ud800"}')).code).toBe("invalid_request");
  expect((await login('{"user":"ann"}', { origin: "https://evil.test" })).code).toBe("forbidden");
  expect((await login('{"user":"ann"}', { origin: ORIGIN })).status).toBe(200);
});
