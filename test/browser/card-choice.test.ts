// Buyers whose payment must come with the order, because earlier holds ended unpaid: they enter a card first.
import type { Page } from "playwright-core";
import { afterAll, expect, test } from "vitest";
import { check } from "./axe.ts";
import {
  ASKS_ELSEWHERE,
  alertSays,
  answer,
  bank,
  bankPage,
  choose,
  pay,
  paymentIs,
  startCheckout,
} from "./card-checkout.ts";
import { buyButton, inBrowser, order, orderIs, says } from "./harness.ts";

const checkout = await startCheckout();
const { booksOf } = checkout;
afterAll(() => checkout.stop());

const HEADING = { name: "Choose how to pay" };
const buyAndPay = (page: Page, amount: string) =>
  page.getByRole("button", { name: new RegExp(`^Buy and pay \\D*${amount}`) });

/** Reserves and cancels twice, with the requests of a script. */
async function lapseTwice(page: Page, skuId: string): Promise<void> {
  for (let i = 0; i < 2; i += 1) {
    const status = await page.evaluate(async (sku) => {
      const headers = {
        "content-type": "application/json",
        "idempotency-key": crypto.randomUUID(),
      };
      const body = JSON.stringify({ quantity: 1 });
      const placed = await fetch(`/api/skus/${sku}/orders`, { method: "POST", headers, body });
      const { id } = (await placed.json()) as { id: string };
      return (await fetch(`/api/orders/${id}`, { method: "DELETE" })).status;
    }, skuId);
    expect(status).toBe(200);
  }
}

inBrowser(
  "a card before the order",
  (stage) => {
    /** A buyer who must pay with the order, and has pressed Buy. */
    async function asked(user: string, sku = {}) {
      const arrived = await checkout.arriving(stage(), user, { perUserLimit: 2, ...sku });
      const { page, skuId } = arrived;
      await lapseTwice(page, skuId);
      await page.getByLabel("Quantity").selectOption("2");
      await buyButton(page).click();
      await page.getByRole("heading", HEADING).waitFor();
      return arrived;
    }

    test("buys with the card that the buyer enters, and charges it once", async () => {
      const { page, path, skuId } = await asked("pays-first");
      await choose(page, "Approved");
      await buyAndPay(page, "24.00").click();
      await orderIs(page, "confirmed");
      expect(new URL(page.url()).pathname).toBe(path);
      const id = (await order(page).getAttribute("data-order")) ?? "";
      expect(await booksOf(id)).toMatchObject({ intents: 1, charges: 1, amountCharged: 2_400 });
      expect(await stage().ledger(skuId)).toMatchObject({ sold: 2, held: 0 });
    });

    test("buys with a wallet, and shows what Stripe finds wrong with a card", async () => {
      const { page } = await asked("wallet-first");
      await choose(page, "Incomplete number");
      await buyAndPay(page, "24.00").click();
      await alertSays(page, "Your card number is incomplete.");
      await page.getByRole("button", { name: "Pay with test wallet" }).click();
      await orderIs(page, "confirmed");
    });

    test("takes another card on the order's page after a decline", async () => {
      const { page } = await asked("declined-first");
      await choose(page, "Declined");
      await buyAndPay(page, "24.00").click();
      await paymentIs(page, "declined");
      await page.getByRole("link", { name: /^Pay/ }).click();
      await page.waitForURL("**/orders/*");
      await choose(page, "Approved");
      await pay(page, "24.00").click();
      await orderIs(page, "confirmed");
    });

    test("leads to the bank's question on the order's page", async () => {
      const { page } = await asked("question-first");
      await choose(page, "Bank asks");
      await buyAndPay(page, "24.00").click();
      await paymentIs(page, "action_required");
      await page.getByRole("link", { name: /^Pay/ }).click();
      await page.waitForURL("**/orders/*");
      await pay(page, "24.00").click();
      await bank(page).waitFor();
      await answer(page, "Complete");
      await orderIs(page, "confirmed");
    });

    test("ends at the order when the bank asks on its own page", async () => {
      const { page } = await asked("bank-page-first");
      await choose(page, ASKS_ELSEWHERE);
      await buyAndPay(page, "24.00").click();
      await paymentIs(page, "action_required");
      const id = (await order(page).getAttribute("data-order")) ?? "";
      await page.getByRole("link", { name: /^Pay/ }).click();
      await page.waitForURL("**/orders/*");
      await pay(page, "24.00").click();
      await bankPage(page).waitFor();
      await answer(page, "Complete");
      await orderIs(page, "confirmed");
      await page.locator("[data-order-title]:focus", { hasText: "Order confirmed" }).waitFor();
      expect(page.url()).toBe(`${stage().url}/orders/${id}`);
      expect(await booksOf(id)).toMatchObject({ intents: 1, charges: 1 });
    });

    test("orders nothing when the buyer goes back without a card", async () => {
      const { page, skuId } = await asked("goes-back-first");
      await page.goBack();
      await page.locator('[data-buy] button[aria-disabled="false"]').waitFor();
      expect(await order(page).count()).toBe(0);
      expect(await stage().ledger(skuId)).toMatchObject({ held: 0, sold: 0 });
      await buyButton(page).click();
      await page.getByRole("heading", HEADING).waitFor();
    });

    test("charges nothing if the last unit is gone, and keeps the card for another press", async () => {
      const { page, skuId, change } = await asked("too-late-first", { stock: 2 });
      const rival = await checkout.arriving(stage(), "rival");
      await rival.page.goto(`/sales/${skuId.replace("sku", "sale")}`);
      await buyButton(rival.page).click();
      await orderIs(rival.page, "reserved");
      await choose(page, "Approved");
      await buyAndPay(page, "24.00").click();
      await says(page, "Only 1 left");
      await change((sale) => ({ ...sale, skus: sale.skus.map((sku) => ({ ...sku, stock: 20 })) }));
      await buyButton(page).click();
      await orderIs(page, "confirmed");
      const id = (await order(page).getAttribute("data-order")) ?? "";
      expect(await booksOf(id)).toMatchObject({ charges: 1 });
    });

    test("passes axe", async () => {
      const { page } = await asked("axe-first");
      await page.getByLabel("Test card").waitFor();
      await check(page, "the choice of a card");
    });
  },
  checkout.vars,
);
