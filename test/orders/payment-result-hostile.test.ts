// Malformed and wrong reports of payments that the shop signed: each mistake has a clear answer.
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { expectContract } from "../funnel/hostile-request.ts";
import { ORIGIN } from "../support/http.ts";
import { emptyRedis } from "../support/redis.ts";
import { ledger } from "../support/shop.ts";
import { givenUnpaid, report, signedRequest, TOTAL, toShop } from "./external-shop.ts";
import { givenPaid, type Purchase } from "./saga-fixtures.ts";

beforeAll(emptyRedis);

const CHARGED = JSON.stringify({ outcome: "charged", reference: "psp-1", amount: TOTAL });

/** Sends a signed report with this text as its body. */
const sendText = (
  { order }: { order: { id: string } },
  text: string,
  options?: Parameters<typeof signedRequest>[2],
) => toShop(signedRequest(order.id, text, options));

/** The right fields with any values. */
const reportLike = fc
  .record({ outcome: fc.string(), reference: fc.string(), amount: fc.jsonValue({ maxDepth: 2 }) })
  .map((value) => JSON.stringify(value));

const expectReserved = async ({ skuId }: Purchase) =>
  expect(await ledger(skuId)).toMatchObject({ held: 1, sold: 0, refundsDue: [] });

describe("a signed report", () => {
  test.each([
    ["without a body", ""],
    ["that is no JSON", "{"],
    ["with an unknown field", JSON.stringify({ ...JSON.parse(CHARGED), userId: "ann" })],
    ["with an unknown outcome", CHARGED.replace("charged", "authorized")],
    ["without a reference", CHARGED.replace("psp-1", "")],
    ["with a control character in its reference", CHARGED.replace("psp-1", "psp\\u0000")],
    ["with a long reference", CHARGED.replace("psp-1", "p".repeat(256))],
    ["with a fraction as its amount", CHARGED.replace("2400", "2400.5")],
    ["with a negative amount", CHARGED.replace("2400", "-2400")],
    ["with a text as its amount", CHARGED.replace("2400", '"2400"')],
    ["without a currency", CHARGED.replace(',"currency":"USD"', "")],
  ])("%s is refused with 400", async (_, text) => {
    const purchase = await givenUnpaid();
    const answer = await sendText(purchase, text);
    expect(answer).toMatchObject({ status: 400, code: "invalid_request" });
    expectContract([answer]);
    await expectReserved(purchase);
  });

  test("is refused if it has more than 4 KB", async () => {
    const answer = await sendText(await givenUnpaid(), CHARGED.padEnd(4_097));
    expect(answer).toMatchObject({ status: 413, code: "payload_too_large" });
    expectContract([answer]);
  });

  test("is refused with another media type", async () => {
    const headers = { "content-type": "text/plain" };
    const answer = await sendText(await givenUnpaid(), CHARGED, { headers });
    expect(answer).toMatchObject({ status: 415, code: "unsupported_media_type" });
    expectContract([answer]);
  });

  test.each(["charged", "declined", "refunded"])(
    "%s with another amount or currency than the order's is refused",
    async (outcome) => {
      const purchase = await givenUnpaid();
      for (const change of [
        { amount: 2_399 },
        { amount: 4_800 },
        { amount: 0 },
        { currency: "EUR" },
      ]) {
        const answer = await report(purchase, outcome, "psp-1", {
          amount: { ...TOTAL, ...change },
        });
        expect(answer).toMatchObject({ status: 422, code: "payment_mismatch" });
        expect(answer.body).toMatchObject({ detail: "The order's total is 2400 USD" });
        expectContract([answer]);
      }
      await expectReserved(purchase);
      expect((await report(purchase, "charged")).body).toMatchObject({ action: "none" });
    },
  );

  test("about a free order is refused", async () => {
    const purchase = await givenUnpaid(await givenPaid({ price: 0 }));
    const amount = { amount: 0, currency: "USD" };
    const answer = await report(purchase, "charged", "psp-1", { amount });
    expect(answer).toMatchObject({ status: 409, code: "order_not_payable" });
    expectContract([answer]);
  });

  test("about an unknown order is refused", async () => {
    const { order, skuId } = await givenUnpaid();
    const ids = [
      `${skuId}.0.${"a".repeat(20)}`,
      order.id.replace(".0.", ".1."),
      order.id.toUpperCase(),
      `never-existed.0.${"a".repeat(20)}`,
      "nonsense",
      "%00",
      "%2e%2e",
      encodeURIComponent(`${order.id} `),
    ];
    for (const id of ids) {
      const answer = await toShop(signedRequest(id, CHARGED));
      expect(answer).toMatchObject({ status: 404, code: "not_found" });
      expectContract([answer]);
    }
  });

  test("with random content is never answered with a server error", async () => {
    const purchase = await givenUnpaid();
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.json(), reportLike, fc.string()), async (text) => {
        const answer = await sendText(purchase, text);
        expect([400, 413]).toContain(answer.status);
        expectContract([answer]);
      }),
      { numRuns: 200 },
    );
    await expectReserved(purchase);
  });
});

test("other methods are refused with 405", async () => {
  const path = `${ORIGIN}/api/merchant/orders/x/payment-result`;
  const answer = await toShop(new Request(path));
  expect(answer).toMatchObject({ status: 405, code: "method_not_allowed" });
  expect(answer.headers.get("allow")).toBe("POST");
});
