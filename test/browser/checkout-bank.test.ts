// The bank asks on a page of its own: buyers leave the order page and come back, finish, fail, go back, or come too late.
import type { Page } from "playwright-core";
import { afterAll, expect, test } from "vitest";
import {
  ASKS_ELSEWHERE,
  answer,
  bankPage,
  pay,
  paymentIs,
  payWith,
  QUESTION_MS,
  startCheckout,
} from "./card-checkout.ts";
import { inBrowser, order, orderIs } from "./harness.ts";

const checkout = await startCheckout();
const { booksOf } = checkout;
afterAll(() => checkout.stop());

const focusedTitle = (page: Page, text: string) =>
  page.locator("[data-order-title]:focus", { hasText: text });

inBrowser(
  "the bank's own page",
  (stage) => {
    /** A buyer on the bank's own page, with its question unanswered. */
    async function asked(user: string, sku = {}) {
      const held = await checkout.holding(stage(), user, sku);
      await payWith(held.page, ASKS_ELSEWHERE);
      await bankPage(held.page).waitFor();
      return held;
    }

    test("confirms the order after the answer, and leaves no secret in the address", async () => {
      const { page, id } = await asked("leaves");
      const requests: string[] = [];
      page.on("request", (request) => requests.push(request.url()));
      await answer(page, "Complete");
      await orderIs(page, "confirmed");
      await focusedTitle(page, "Order confirmed").waitFor();
      expect(page.url()).toBe(`${stage().url}/orders/${id}`);
      const withSecret = requests.filter((url) => url.includes("secret="));
      expect(withSecret, "the return itself, which the server cleans").toHaveLength(1);
      expect(await booksOf(id)).toMatchObject({ intents: 1, charges: 1 });
    });

    test("keeps the question open when the buyer goes back, until they press Pay", async () => {
      const { page, id } = await asked("back-button");
      await page.goBack();
      await paymentIs(page, "action_required");
      await pay(page).click();
      await bankPage(page).waitFor();
      await answer(page, "Complete");
      await orderIs(page, "confirmed");
      expect(await booksOf(id)).toMatchObject({ intents: 1, charges: 1 });
    });

    test("shows the result in another tab once Stripe reports it", async () => {
      const { page, buyer, id } = await asked("bank-app");
      // A bank's app opens the return address in a tab that knows nothing of the payment.
      const other = await buyer.open(page.url());
      await answer(other, "Complete");
      await other.waitForURL(`**/orders/${id}`);
      await checkout.deliverEvents(id, stage().url);
      await orderIs(other, "confirmed");
      expect(await booksOf(id)).toMatchObject({ charges: 1 });
    });

    test("believes no address that claims a payment", async () => {
      const { page, id } = await asked("forges");
      const forged = "payment_intent=pi_1&payment_intent_client_secret=x&redirect_status=succeeded";
      const lookUp = page.waitForResponse(
        (response) => response.request().method() === "POST" && response.url().endsWith("/payment"),
      );
      await page.goto(`/orders/${id}?${forged}`);
      await lookUp;
      const stored = async () =>
        (await (await page.request.get(`/api/orders/${id}`)).json()).payment;
      await expect.poll(stored).toBe("action_required");
      await paymentIs(page, "action_required");
      expect(page.url()).toBe(`${stage().url}/orders/${id}`);
      expect(await order(page).getAttribute("data-status")).toBe("reserved");
      expect(await booksOf(id)).toMatchObject({ charges: 0 });
    });

    test("charges nothing when the hold ended on the bank's page", async () => {
      const { page, buyer, id } = await asked("late-there", { holdSeconds: QUESTION_MS / 1_000 });
      const other = await buyer.open(`/orders/${id}`);
      const ended = other.locator('.order[data-status="expired"][data-payment="voided"]');
      await ended.waitFor({ timeout: 3 * QUESTION_MS });
      await answer(page, "Complete");
      await page.waitForURL(/\/orders\//);
      await page.getByText("You weren't charged.").waitFor();
      expect(await booksOf(id)).toMatchObject({ charges: 0 });
    });
  },
  checkout.vars,
);
