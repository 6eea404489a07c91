// Only reports that the shop signed within the last five minutes are read. All others get the same answer.
import { beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { expectContract } from "../funnel/hostile-request.ts";
import { emptyRedis } from "../support/redis.ts";
import { ledger } from "../support/shop.ts";
import { external, givenUnpaid, SECRET, signedRequest, TOTAL, toShop } from "./external-shop.ts";
import type { Purchase } from "./saga-fixtures.ts";

beforeAll(emptyRedis);

const OTHER_SECRET = `whsec_${btoa("another secret, also of 33 bytes!")}`;
const CHARGED = JSON.stringify({ outcome: "charged", reference: "psp-1", amount: TOTAL });

type Options = Parameters<typeof signedRequest>[2];
/** Sends a signed report with this text as its body. */
const sendText = ({ order }: { order: { id: string } }, text: string, options?: Options) =>
  toShop(signedRequest(order.id, text, options));

const expectReserved = async ({ skuId }: Purchase) =>
  expect(await ledger(skuId)).toMatchObject({ held: 1, sold: 0, refundsDue: [] });

describe("a report is refused with 403 and no reason if", () => {
  test.each<[string, Options]>([
    ["it is signed with another secret", { secret: OTHER_SECRET }],
    ["its signature is older than five minutes", { age: 301 }],
    ["its signature is from the future", { age: -301 }],
    ["its signature is missing", { headers: { "webhook-signature": "" } }],
    ["its id is missing", { headers: { "webhook-id": "" } }],
    ["its time is missing", { headers: { "webhook-timestamp": "" } }],
    ["its time is no number", { headers: { "webhook-timestamp": "now" } }],
    ["its id was replaced", { headers: { "webhook-id": "msg-0" } }],
    ["its signature is of an unknown version", { headers: { "webhook-signature": "v2,AAAA" } }],
    ["its signature is garbage", { headers: { "webhook-signature": "v1 ,, v1,\u00e9" } }],
  ])("%s", async (_, options) => {
    const purchase = await givenUnpaid();
    const answer = await sendText(purchase, CHARGED, options);
    expect(answer).toMatchObject({ status: 403, code: "forbidden" });
    expect(answer.body).toMatchObject({ title: "Not allowed", detail: "Not allowed" });
    expectContract([answer]);
    await expectReserved(purchase);
  });

  test.each(["webhook-id", "webhook-timestamp"])(
    "its header %s comes twice with different values",
    async (name) => {
      const purchase = await givenUnpaid();
      const sent = signedRequest(purchase.order.id, CHARGED);
      const headers = new Headers(sent.headers);
      headers.set(name, `0, ${headers.get(name)}`);
      const answer = await toShop(new Request(sent, { headers }));
      expect(answer).toMatchObject({ status: 403, code: "forbidden" });
      expectContract([answer]);
      await expectReserved(purchase);
    },
  );

  test("its body was changed after it was signed", async () => {
    const purchase = await givenUnpaid();
    const sent = signedRequest(purchase.order.id, CHARGED);
    const body = CHARGED.replace("psp-1", "psp-2");
    expect((await toShop(new Request(sent, { body }))).status).toBe(403);
    await expectReserved(purchase);
  });

  test("its body is not UTF-8", async () => {
    const purchase = await givenUnpaid();
    const sent = signedRequest(purchase.order.id, CHARGED);
    const body = new Uint8Array([0xff, 0xfe, 0x7b]);
    expect((await toShop(new Request(sent, { body }))).status).toBe(403);
  });
});

test("a report is logged without its signature and body when it is refused", async () => {
  const logged = vi.spyOn(console, "log");
  onTestFinished(() => logged.mockRestore());
  await sendText(await givenUnpaid(), CHARGED, { secret: OTHER_SECRET });
  const lines = logged.mock.calls.map(([line]) => String(line));
  expect(lines.filter((line) => line.includes("merchant.report_refused"))).toHaveLength(1);
  expect(lines.join()).not.toMatch(/psp-1|v1,|whsec_/);
});

test("accepts the new and the old secret while the shop rotates them", async () => {
  const shop = external({ MERCHANT_SECRET: `${OTHER_SECRET}, ${SECRET}` });
  for (const secret of [OTHER_SECRET, SECRET]) {
    const { order } = await givenUnpaid();
    const answer = await toShop(signedRequest(order.id, CHARGED, { secret }), shop);
    expect(answer.status).toBe(200);
  }
});

test.each(["", "stripe", "sandbox"])(
  "the route does not exist where PAYMENTS is %o",
  async (name) => {
    const STRIPE = { STRIPE_SECRET_KEY: "sk_test_1", STRIPE_WEBHOOK_SECRET: "whsec_1" };
    const purchase = await givenUnpaid();
    const shop = external({ PAYMENTS: name, DEMO_LOGIN: "true", ...STRIPE });
    const answer = await toShop(signedRequest(purchase.order.id, CHARGED), shop);
    expect(answer).toMatchObject({ status: 404, code: "not_found" });
    await expectReserved(purchase);
  },
);

test("accepts a report with several signatures if one is valid", async () => {
  const { order } = await givenUnpaid();
  const sent = signedRequest(order.id, CHARGED);
  const headers = new Headers(sent.headers);
  headers.set("webhook-signature", `v1,AAAA v2,BBBB ${headers.get("webhook-signature")}`);
  expect((await toShop(new Request(sent, { headers }))).status).toBe(200);
});

test("a signed report that names its order counts for no other order", async () => {
  const [mine, other] = [await givenUnpaid(), await givenUnpaid()];
  const body = { orderId: mine.order.id, outcome: "charged", reference: "psp-1", amount: TOTAL };
  const text = JSON.stringify(body);

  const replayed = await sendText(other, text);
  expect(replayed).toMatchObject({ status: 400, code: "invalid_request" });
  expect(replayed.body).toMatchObject({ issues: [{ path: "orderId" }] });
  expectContract([replayed]);
  await expectReserved(other);

  expect((await sendText(mine, text)).status).toBe(200);
  // Again, after it counted for its own order.
  expect((await sendText(other, text)).status).toBe(400);
  await expectReserved(other);
});

test.each([7, null, "", "x".repeat(3_000)])(
  "refuses a report whose order id is %j",
  async (orderId) => {
    const purchase = await givenUnpaid();
    const body = { orderId, outcome: "charged", reference: "psp-1", amount: TOTAL };
    const answer = await sendText(purchase, JSON.stringify(body));
    expect(answer).toMatchObject({ status: 400, code: "invalid_request" });
    await expectReserved(purchase);
  },
);
