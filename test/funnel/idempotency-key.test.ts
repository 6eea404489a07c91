// The two forms of an idempotency key: bare, and the quoted string of the IETF draft.
import { beforeAll, expect, test } from "vitest";
import { admin } from "../support/http.ts";
import { captureQueue } from "../support/queue.ts";
import { emptyRedis } from "../support/redis.ts";
import { aBuyer, ledger, onSale, order, unique } from "../support/shop.ts";

beforeAll(emptyRedis);

test("a retry finds its order with either form of the key", async () => {
  captureQueue();
  const skuId = await onSale({ perUserLimit: 5 });
  for (const [first, again] of [
    ["bare-1", '"bare-1"'],
    ['"quoted_2"', "quoted_2"],
    ['"quoted_3"', '"quoted_3"'],
  ]) {
    const buyer = await aBuyer();
    const accepted = await order(buyer, skuId, { key: first as string });
    const repeated = await order(buyer, skuId, { key: again as string });
    expect([accepted.status, repeated.status]).toEqual([202, 202]);
    expect(repeated.body.id).toBe(accepted.body.id);
    expect(repeated.headers.get("idempotent-replayed")).toBe("true");
  }
  expect(await ledger(skuId)).toMatchObject({ held: 3 });
});

test("a restock with the same key in either form is made once", async () => {
  const skuId = await onSale({ stock: 1 });
  const key = unique("restock");
  const restock = (form: string) =>
    admin("POST", `/skus/${skuId}/restock`, {
      body: { quantity: 5 },
      headers: { "idempotency-key": form },
    });

  expect((await restock(`"${key}"`)).status).toBe(200);
  const again = await restock(key);
  expect([again.status, again.headers.get("idempotent-replayed")]).toEqual([200, "true"]);
  expect(await ledger(skuId)).toMatchObject({ stocked: 6 });
});

test.each([
  '""',
  '"',
  '"a',
  'a"',
  "'a'",
  '"a" b',
  '"a", "b"',
  '"a", "a"',
  '"a";v=1',
  'a;v="1"',
  '"a\\"b"',
  '"a b"',
  `"${"x".repeat(65)}"`,
  ":YQ==:",
])("refuses %s as the key of an order or a restock", async (key) => {
  const skuId = await onSale();
  const answers = [
    await order(await aBuyer(), skuId, { key }),
    await admin("POST", `/skus/${skuId}/restock`, {
      body: { quantity: 5 },
      headers: { "idempotency-key": key },
    }),
  ];
  for (const answer of answers) {
    expect(answer).toMatchObject({ status: 400, code: "invalid_request" });
    expect(answer.body).toMatchObject({ issues: [{ path: "Idempotency-Key" }] });
  }
});
