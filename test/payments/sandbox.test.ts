// The sandbox keeps the gateway's promises too: once, however often it is asked, and books that show it.
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { bankOf, sandboxGateway } from "../../src/payments/sandbox.ts";
import { bankEntry } from "../orders/saga-world.ts";
import { aPayment } from "./stripe-world.ts";

const gateway = sandboxGateway(env);
const entryOf = ({ orderId: id }: { orderId: string }) => bankEntry({ id });

test("charged once, found by a void, returned once", async () => {
  const payment = aPayment("tok_ok");
  const charged = { outcome: "charged", chargeId: expect.any(String) };

  const charges = [1, 2, 3].map(() => gateway.charge(payment));
  expect(await Promise.all(charges)).toEqual([charged, charged, charged]);
  expect(await gateway.void(payment)).toEqual(charged);
  const refund = { ...payment, chargeId: "any" };
  await Promise.all([gateway.refund(refund), gateway.refund(refund)]);

  expect(await entryOf(payment)).toMatchObject({ charges: 1, refunds: 1, state: "refunded" });
});

test("after a void nothing is charged, not even what was under way", async () => {
  const payment = aPayment("tok_slow");
  const underWay = gateway.charge(payment);

  expect(await gateway.void(payment)).toEqual({ outcome: "voided" });

  const voided = { outcome: "declined", reason: "voided" };
  expect(await underWay).toEqual(voided);
  expect(await gateway.charge({ ...payment, paymentToken: "tok_ok" })).toEqual(voided);
  expect(await entryOf(payment)).toMatchObject({ charges: 0 });
});

test("a token nobody knows is declined, a declined order stays declined", async () => {
  const payment = aPayment("tok_what");
  const declined = { outcome: "declined", reason: "card_declined" };

  expect(await gateway.charge(payment)).toEqual(declined);
  expect(await gateway.charge({ ...payment, paymentToken: "tok_ok" })).toEqual(declined);
  expect(await gateway.void(payment)).toEqual({ outcome: "voided" });
});

test("the statement can be read page by page", async () => {
  const payments = [aPayment("tok_ok"), aPayment("tok_ok")];
  await Promise.all(payments.map((payment) => gateway.charge(payment)));
  const [first, second] = payments.map(({ orderId }) => orderId).sort();

  const after = await bankOf(env).statement(first ?? "");

  expect(after.map(({ orderId }) => orderId)).toContain(second);
  expect(after.map(({ orderId }) => orderId)).not.toContain(first);
});
