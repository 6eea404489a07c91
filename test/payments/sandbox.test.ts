// The sandbox gateway: it charges and refunds once, however often it is called, and its bank records that.
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { bankOf, sandboxGateway } from "../../src/payments/sandbox.ts";
import { bankEntry } from "../orders/saga-fixtures.ts";
import { aPayment } from "./stripe-fixtures.ts";

const gateway = sandboxGateway(env);
const entryOf = ({ orderId: id }: { orderId: string }) => bankEntry({ id });

test("charges once, reports the charge to a later void, and refunds once", async () => {
  const payment = aPayment("tok_ok");
  const charged = { outcome: "charged", chargeId: expect.any(String) };

  const charges = [1, 2, 3].map(() => gateway.charge(payment));
  expect(await Promise.all(charges)).toEqual([charged, charged, charged]);
  expect(await gateway.void(payment)).toEqual(charged);
  const refund = { ...payment, chargeId: "any" };
  await Promise.all([gateway.refund(refund), gateway.refund(refund)]);

  expect(await entryOf(payment)).toMatchObject({ charges: 1, refunds: 1, state: "refunded" });
});

test("charges nothing after a void, not even a charge that was in progress", async () => {
  const payment = aPayment("tok_slow");
  const charge = gateway.charge(payment);

  expect(await gateway.void(payment)).toEqual({ outcome: "voided" });

  const voided = { outcome: "declined", reason: "voided" };
  expect(await charge).toEqual(voided);
  expect(await gateway.charge({ ...payment, paymentToken: "tok_ok" })).toEqual(voided);
  expect(await entryOf(payment)).toMatchObject({ charges: 0 });
});

test("declines an unknown token, and declines that order from then on", async () => {
  const payment = aPayment("tok_what");
  const declined = { outcome: "declined", reason: "card_declined" };

  expect(await gateway.charge(payment)).toEqual(declined);
  expect(await gateway.charge({ ...payment, paymentToken: "tok_ok" })).toEqual(declined);
  expect(await gateway.void(payment)).toEqual({ outcome: "voided" });
});

test("takes a repeated charge for the buyer's answer to the bank, but not the last look of a hold", async () => {
  const payment = aPayment("tok_action_required");
  const asked = expect.objectContaining({ outcome: "action_required" });

  expect(await gateway.charge(payment)).toEqual(asked);
  expect(await gateway.charge({ ...payment, isLastLook: true })).toEqual(asked);
  expect(await gateway.charge(payment)).toMatchObject({ outcome: "charged" });
});

test("returns its statement in pages", async () => {
  const payments = [aPayment("tok_ok"), aPayment("tok_ok")];
  await Promise.all(payments.map((payment) => gateway.charge(payment)));
  const [first, second] = payments.map(({ orderId }) => orderId).sort();

  const after = await bankOf(env).statement(first ?? "");

  expect(after.map(({ orderId }) => orderId)).toContain(second);
  expect(after.map(({ orderId }) => orderId)).not.toContain(first);
});
