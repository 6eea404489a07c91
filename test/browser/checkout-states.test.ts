// What the card form says and offers in each state of the money, and whether everyone can use it.
import type { Page } from "playwright-core";
import { afterAll, expect, test } from "vitest";
import { LOCAL_ADMIN_TOKEN } from "../../src/local/settings.ts";
import { check } from "./axe.ts";
import { bank, choose, pay, paymentIs, payWith, startCheckout } from "./card-checkout.ts";
import { inBrowser, order, orderIs } from "./harness.ts";

const checkout = await startCheckout();
afterAll(() => checkout.stop());

const textOf = (page: Page) => page.locator("[data-order-text]").textContent();
const NOT_CHARGED = /weren't charged|haven't been charged/;
const MAX_CARDS = 5;

/** Declines every card that the order may try. */
async function useUp(page: Page): Promise<void> {
  await choose(page, "Declined");
  for (let left = MAX_CARDS - 1; left >= 0; left -= 1) {
    await pay(page).click();
    await page.locator(`.order[data-payment="declined"][data-attempts="${left}"]`).waitFor();
  }
}

inBrowser(
  "the states of a card payment",
  (stage) => {
    test("offers no further card after the fifth decline, and says what becomes of the item", async () => {
      const { page, id } = await checkout.holding(stage(), "five-cards");
      await useUp(page);
      await page.getByText("no other card can pay for this order").waitFor();
      for (const isReloaded of [false, true]) {
        if (isReloaded) await page.reload();
        expect(await textOf(page)).toMatch(/haven't been charged/);
        expect(await page.getByLabel("Test card").isVisible()).toBe(false);
        expect(await pay(page).isVisible()).toBe(false);
        expect(await page.getByRole("timer").isVisible()).toBe(true);
      }
      await page.getByRole("button", { name: "Cancel reservation" }).click();
      await page.getByRole("button", { name: "Yes, cancel reservation" }).click();
      await orderIs(page, "cancelled");
      expect(await checkout.booksOf(id)).toMatchObject({ charges: 0 });
    });

    test("says that it is finding out until the bank's question can no longer be answered", async () => {
      const { page, buyer, id } = await checkout.holding(stage(), "finds-out");
      await payWith(page, "Bank asks, slow void");
      await bank(page).waitFor();
      const other = await buyer.open(`/orders/${id}`);
      await other.getByRole("button", { name: "Cancel reservation" }).click();
      await other.getByRole("button", { name: "Yes, cancel reservation" }).click();
      await other.getByText("finding out whether your bank paid").waitFor();
      await expect.poll(() => checkout.isHeld(id)).toBe(true);
      expect(await textOf(other)).not.toMatch(NOT_CHARGED);
      await checkout.release(id);
      await paymentIs(other, "voided");
      expect(await textOf(other)).toBe("You canceled this order.");
      expect(await checkout.booksOf(id)).toMatchObject({ charges: 0 });
    });

    test("shows a decline that Stripe reported before the page could ask, without an error", async () => {
      const { page, id } = await checkout.holding(stage(), "reported-first");
      await payWith(page, "Bank asks");
      await bank(page).waitFor();
      await checkout.authenticate(id, "no");
      await checkout.deliverEvents(id, stage().url);
      await expect
        .poll(async () => (await (await page.request.get(`/api/orders/${id}`)).json()).payment)
        .toBe("declined");
      await page.getByRole("button", { name: "Fail authentication" }).click();
      await page.locator("[data-order-title]:focus", { hasText: "Payment declined" }).waitFor();
      expect(await page.locator("[data-order-fault]").textContent()).toBe("");
      await payWith(page, "Approved");
      await orderIs(page, "confirmed");
    });

    test("says that a refund is on its way until it arrived", async () => {
      const { page, id } = await checkout.holding(stage(), "refunded");
      await payWith(page, "Slow refund");
      await orderIs(page, "confirmed");
      await fetch(`${stage().url}/api/admin/orders/${id}/refund`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${LOCAL_ADMIN_TOKEN}`,
          "content-type": "application/json",
          "idempotency-key": "refund-1",
        },
        body: JSON.stringify({ backOnSale: true, reason: "test" }),
      });
      await expect.poll(() => checkout.isHeld(id)).toBe(true);
      await page.reload();
      expect(await textOf(page)).toMatch(/on its way back/);
      await checkout.release(id);
      await orderIs(page, "refunded");
      expect(await textOf(page)).toMatch(/refunded in full/);
    });

    test("passes axe in every state", async () => {
      const { page, buyer } = await checkout.holding(stage(), "axe");
      await page.getByLabel("Test card").waitFor();
      await check(page, "the card form");
      await payWith(page, "Incomplete number");
      await page.getByRole("alert").filter({ hasText: "incomplete" }).waitFor();
      await check(page, "an incomplete card");
      await payWith(page, "Bank asks");
      await bank(page).waitFor();
      const other = await buyer.open(page.url());
      await other.getByRole("button", { name: "Use another card" }).waitFor();
      await check(other, "the bank's question in another tab");
      await page.getByRole("button", { name: "Fail authentication" }).click();
      await paymentIs(page, "declined");
      await check(page, "a declined card");
      const status = page.getByRole("status").filter({ hasText: "Your bank declined this card" });
      expect(await status.count(), "screen readers hear the result").toBe(1);
      expect(await order(page).getByRole("timer").getAttribute("aria-label")).toMatch(/Time left/);
    });
  },
  checkout.vars,
);
