// Hostile requests at the buyer's own routes: always an error of the contract, never a 5xx.
import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { emptyRedis, redisIsBack } from "../support/redis.ts";
import { aBuyer, type Buyer, bought, onSale, tokenFor } from "../support/shop.ts";
import { expectContract, jsonType, sendHostile } from "./hostile-request.ts";

let buyer: Buyer;
let orderId: string;
beforeAll(async () => {
  await emptyRedis();
  buyer = await aBuyer();
  orderId = (await bought(buyer, await onSale({ price: 100 }))).id;
});
beforeEach(redisIsBack);

const asBuyer = () => ({ authorization: `Bearer ${buyer.token}` });

describe("personal routes", () => {
  const routes = (): [string, string][] => [
    ["GET", "/api/orders"],
    ["GET", `/api/orders/${orderId}`],
    ["POST", `/api/orders/${orderId}/payment`],
    ["DELETE", `/api/orders/${orderId}`],
  ];

  test("are unauthenticated without a token or with a forged one", async () => {
    const tokens = ["", "Bearer x.y.z", `Bearer ${await tokenFor("ann", "x".repeat(40))}`];
    for (const [method, path] of routes()) {
      for (const authorization of tokens) {
        const answer = await sendHostile({ method, path, headers: { authorization } });
        expect(answer).toMatchObject({ status: 401, code: "unauthenticated" });
        expectContract([answer]);
      }
    }
  });

  test("are never cacheable", async () => {
    for (const [method, path] of routes().slice(0, 2)) {
      const answer = await sendHostile({ method, path, headers: asBuyer() });
      expect(answer.status).toBe(200);
      expect(answer.headers.get("cache-control")).toMatch(/no-store/);
    }
  });

  test("answer random order ids with not_found", async () => {
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
          await sendHostile({ method: "GET", path, headers: asBuyer() }),
          await sendHostile({ method: "DELETE", path, headers: asBuyer() }),
        ];
        expectContract(answers);
        for (const { code } of answers) expect(code).toBe("not_found");
      }),
      { numRuns: 60 },
    );
  });

  test("refuse malformed payments, which change nothing", async () => {
    const bodies = [
      "",
      "{}",
      "[]",
      "null",
      '{"paymentToken":""}',
      '{"paymentToken":1}',
      '{"paymentToken":"\\ud800"}',
      '{"paymentToken":"tok_\\udfffok"}',
      '{"paymentToken":"x","amount":0}',
      JSON.stringify({ paymentToken: "x".repeat(256) }),
    ];
    const path = `/api/orders/${orderId}/payment`;
    for (const body of bodies) {
      const answer = await sendHostile({
        method: "POST",
        path,
        headers: { ...asBuyer(), ...jsonType },
        body,
      });
      expect(answer).toMatchObject({ status: 400, code: "invalid_request" });
      expectContract([answer]);
    }
    const large = await sendHostile({
      method: "POST",
      path,
      headers: { ...asBuyer(), ...jsonType },
      body: " ".repeat(2_000),
    });
    expect(large.code).toBe("payload_too_large");
    const { body } = await sendHostile({
      method: "GET",
      path: `/api/orders/${orderId}`,
      headers: asBuyer(),
    });
    expect(body).not.toHaveProperty("payment");
  });
});
