// Finding the SKU named with --sku, without a server.
import { expect, test } from "vitest";
import type { Client, SaleList } from "../../../src/local/client.ts";
import { UsageError } from "../../../src/local/command-line.ts";
import type { Instance } from "../../../src/local/rehearse/instance.ts";
import { sandboxPayments } from "../../../src/local/rehearse/payments.ts";
import { Recorder } from "../../../src/local/rehearse/recorder.ts";
import { useExistingSku } from "../../../src/local/rehearse/scenario-sale.ts";
import { answer, version } from "./evidence.ts";

const usd = (amount: number) => ({ unitPrice: { amount, currency: "USD" } });
const FIRST_PAGE = [version({ id: "free" }).sale];
const SECOND_PAGE = [version({ id: "paid", ...usd(500) }).sale];

/** An instance with two pages of sales. */
function instanceWith(payments: Instance["payments"]): Instance {
  const sales: Client["sales"] = async (cursor) => {
    const page: SaleList =
      cursor === undefined ? { sales: FIRST_PAGE, nextCursor: "2" } : { sales: SECOND_PAGE };
    return answer(200, page);
  };
  return { client: { sales }, payments } as Instance;
}

const SANDBOX = sandboxPayments({} as Client);

const find = (sku: string) => useExistingSku(instanceWith(SANDBOX), new Recorder(), sku);

test("finds a SKU on any page of the sales list", async () => {
  expect((await find("free")).skus).toMatchObject([{ id: "free" }]);
  expect((await find("paid")).skus).toMatchObject([{ id: "paid" }]);
});

test("rejects a SKU that no sale has", async () => {
  await expect(find("missing")).rejects.toThrow(UsageError);
});

test("rejects a paid SKU if a real card would be charged", async () => {
  const free = instanceWith(undefined);
  await expect(useExistingSku(free, new Recorder(), "paid")).rejects.toThrow(UsageError);
  expect((await useExistingSku(free, new Recorder(), "free")).skus).toMatchObject([{ id: "free" }]);
});
