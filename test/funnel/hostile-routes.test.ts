// Hostile requests at every other route of the API: the contract's error each time, never a 5xx.
import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  ADMIN_TOKEN,
  type Answer,
  contractFaults,
  freshAddress,
  ORIGIN,
  send,
} from "../support/http.ts";
import { emptyRedis, redisIsBack } from "../support/redis.ts";
import { aBuyer, type Buyer, bought, onSale, tokenFor } from "../support/shop.ts";

beforeAll(emptyRedis);
beforeEach(redisIsBack);

let buyer: Buyer;
let orderId: string;
beforeAll(async () => {
  buyer = await aBuyer();
  orderId = (await bought(buyer, await onSale({ price: 100 }))).id;
});

interface Hostile {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: BodyInit;
}

function ask({ method, path, headers = {}, body }: Hostile): Promise<Answer> {
  const init = { method, headers: { "cf-connecting-ip": freshAddress(), ...headers } };
  return send(new Request(ORIGIN + path, body === undefined ? init : { ...init, body }));
}

const asBuyer = () => ({ authorization: `Bearer ${buyer.token}` });
const asOperator = { authorization: `Bearer ${ADMIN_TOKEN}` };
const jsonType = { "content-type": "application/json" };

function expectContract(answers: Answer[]): void {
  for (const answer of answers) {
    expect(contractFaults(answer)).toEqual([]);
    expect(answer.status).toBeLessThan(500);
  }
}

describe("personal routes", () => {
  const routes = (): [string, string][] => [
    ["GET", "/api/orders"],
    ["GET", `/api/orders/${orderId}`],
    ["POST", `/api/orders/${orderId}/payment`],
    ["DELETE", `/api/orders/${orderId}`],
  ];

  test("without a token, or with a forged one, are unauthenticated", async () => {
    const tokens = ["", "Bearer x.y.z", `Bearer ${await tokenFor("ann", "x".repeat(40))}`];
    for (const [method, path] of routes()) {
      for (const authorization of tokens) {
        const answer = await ask({ method, path, headers: { authorization } });
        expect(answer).toMatchObject({ status: 401, code: "unauthenticated" });
        expectContract([answer]);
      }
    }
  });

  test("are never cacheable, for whoever asks", async () => {
    for (const [method, path] of routes().slice(0, 2)) {
      const answer = await ask({ method, path, headers: asBuyer() });
      expect(answer.status).toBe(200);
      expect(answer.headers.get("cache-control")).toMatch(/no-store/);
    }
  });

  test("order ids of any kind are not_found", async () => {
    const id = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string(),
      fc.constantFrom(
        "..",
        "%00",
        "%zz",
        "%E0%A4%A",
        "a.0.b",
        `${"x".repeat(10_000)}`,
        "__proto__",
      ),
      fc
        .tuple(fc.stringMatching(/^[a-z0-9-]{1,64}$/), fc.nat(999))
        .map(([sku, lane]) => `${sku}.${lane}.${"a".repeat(20)}`),
    );
    await fc.assert(
      fc.asyncProperty(id, fc.boolean(), async (text, raw) => {
        const segment =
          raw && /^[\w.%-]+$/.test(text) ? text : encodeURIComponent(text.toWellFormed());
        fc.pre(!["", ".", "..", "%2e", "%2e%2e"].includes(segment));
        const path = `/api/orders/${segment}`;
        const answers = [
          await ask({ method: "GET", path, headers: asBuyer() }),
          await ask({ method: "DELETE", path, headers: asBuyer() }),
        ];
        expectContract(answers);
        for (const { code } of answers) expect(code).toBe("not_found");
      }),
      { numRuns: 60 },
    );
  });

  test("payments that are none are refused and change nothing", async () => {
    const bodies = [
      "",
      "{}",
      "[]",
      "null",
      '{"paymentToken":""}',
      '{"paymentToken":1}',
      '{"paymentToken":"x","amount":0}',
      JSON.stringify({ paymentToken: "x".repeat(256) }),
    ];
    const path = `/api/orders/${orderId}/payment`;
    for (const body of bodies) {
      const answer = await ask({
        method: "POST",
        path,
        headers: { ...asBuyer(), ...jsonType },
        body,
      });
      expect(answer).toMatchObject({ status: 400, code: "invalid_request" });
      expectContract([answer]);
    }
    const large = await ask({
      method: "POST",
      path,
      headers: { ...asBuyer(), ...jsonType },
      body: " ".repeat(2_000),
    });
    expect(large.code).toBe("payload_too_large");
    const { body } = await ask({
      method: "GET",
      path: `/api/orders/${orderId}`,
      headers: asBuyer(),
    });
    expect(body).not.toHaveProperty("payment");
  });
});

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

  test("are shut to everybody else, and do not say what exists", async () => {
    const doors: Record<string, number> = {
      "": 401,
      Bearer: 401,
      "Basic dGVzdDp0ZXN0": 401,
      "Bearer wrong": 403,
      [`Bearer ${ADMIN_TOKEN}x`]: 403,
      [`Bearer ${ADMIN_TOKEN.slice(0, -1)}`]: 403,
      [`Bearer ${buyer.token}`]: 403,
    };
    for (const path of paths) {
      for (const [authorization, status] of Object.entries(doors)) {
        const answer = await ask({
          method: "GET",
          path: `/api/admin${path}`,
          headers: { authorization },
        });
        expect(answer.status).toBe(status);
        expectContract([answer]);
      }
    }
  });

  test("sales of any shape are refused or taken, never a fault", async () => {
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
        const answer = await ask({
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

  test("cursors that are not ours are invalid_request", async () => {
    const skuId = await onSale();
    const cursor = fc.oneof(
      fc.string({ unit: "binary", minLength: 1 }),
      fc.base64String({ minLength: 1 }),
      fc.json().map((text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)))),
    );
    await fc.assert(
      fc.asyncProperty(cursor, async (text) => {
        const path = `/api/admin/skus/${skuId}/orders?cursor=${encodeURIComponent(text.toWellFormed())}`;
        const answer = await ask({ method: "GET", path, headers: asOperator });
        expect(answer.code).toBe("invalid_request");
        expectContract([answer]);
      }),
      { numRuns: 60 },
    );
  });
});

test("paths that lead nowhere are not_found, methods that lead nowhere say which do", async () => {
  const nowhere = [
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
  for (const path of nowhere) {
    const answer = await ask({ method: "GET", path });
    expect(answer.code).toBe("not_found");
    expectContract([answer]);
  }
  for (const [path, allow] of [
    ["/api/sales", "GET"],
    ["/api/login", "POST"],
    ["/healthz", "GET"],
  ]) {
    for (const method of ["PUT", "PATCH", "PURGE"]) {
      const answer = await ask({ method, path: path as string });
      expect(answer).toMatchObject({ status: 405, code: "method_not_allowed" });
      expect(answer.headers.get("allow")).toBe(allow);
      expectContract([answer]);
    }
  }
});

test("a login from another site, or of nobody, is refused", async () => {
  const login = (body: string, headers: Record<string, string> = {}) =>
    ask({ method: "POST", path: "/api/login", headers: { ...jsonType, ...headers }, body });
  for (const user of ["", "   ", "x".repeat(129), 1, null, {}]) {
    const answer = await login(JSON.stringify({ user }));
    expect(answer.code).toBe("invalid_request");
    expectContract([answer]);
  }
  expect((await login('{"user":"\\ud800"}')).code).toBe("invalid_request");
  expect((await login('{"user":"ann"}', { origin: "https://evil.test" })).code).toBe("forbidden");
  expect((await login('{"user":"ann"}', { origin: ORIGIN })).status).toBe(200);
});
