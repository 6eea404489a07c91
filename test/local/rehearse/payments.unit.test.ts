// Where the payments of an instance at --url go, and what can be seen of them, without a server.
import { expect, test } from "vitest";
import type { Client } from "../../../src/local/client.ts";
import { UsageError } from "../../../src/local/command-line.ts";
import { paymentsAt } from "../../../src/local/rehearse/payments.ts";
import { answer, claims, paidSale } from "./evidence.ts";

const MONEY = "money kept = confirmed orders; each charge and refund happens once";

/** An instance that answers these two questions with these statuses. */
const instance = (status: { sandbox: number; stripe: number }) =>
  ({
    admin: async () => answer(status.sandbox, {}),
    send: async () => answer(status.stripe, {}),
    sandboxPayments: async () => new Map(),
  }) as unknown as Client;

const SANDBOX = instance({ sandbox: 200, stripe: 404 });
const STRIPE = instance({ sandbox: 404, stripe: 403 });

test("reads the books of a sandbox", async () => {
  const payments = await paymentsAt(SANDBOX, "sandbox");
  expect(payments?.tokens.good).toBe("tok_ok");
  expect(await payments?.books?.("sku")).toEqual(new Map());
});

test("rehearses only free SKUs if cards would be charged", async () => {
  expect(await paymentsAt(STRIPE, "sandbox")).toBeUndefined();
});

test("uses only Stripe's test cards at an instance that takes payments with Stripe", async () => {
  const payments = await paymentsAt(STRIPE, "stripe");
  const tokens = Object.values(payments?.tokens ?? {});
  expect(tokens.length).toBeGreaterThan(0);
  expect(tokens.every((token) => token.startsWith("pm_card_"))).toBe(true);
});

test("reports the money of such an instance as not observed, because its books are not visible", async () => {
  const payments = await paymentsAt(STRIPE, "stripe");
  expect([payments?.books, payments?.chargeTimes]).toEqual([undefined, undefined]);
  const findings = { skus: [{ ...paidSale(), books: undefined }] };
  expect(claims("not observed", findings)).toContain(MONEY);
  expect(claims("broken", findings)).toEqual([]);
});

test("refuses --provider stripe for an instance that takes no payments with Stripe", async () => {
  await expect(paymentsAt(SANDBOX, "stripe")).rejects.toThrow(UsageError);
});
