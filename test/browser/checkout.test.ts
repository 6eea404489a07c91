// The card form of the order page, with a Worker that charges at the fake Stripe and pages that load the fake Stripe.js.
import { afterAll, expect, test } from "vitest";
import { inTurn, loseAnswer, PAYMENT } from "./api-mocks.ts";
import {
  ASKS_ELSEWHERE,
  alertSays,
  answer,
  bank,
  choose,
  pay,
  paymentIs,
  payWith,
  QUESTION_MS,
  startCheckout,
} from "./card-checkout.ts";
import { inBrowser, order, orderIs, type Person } from "./harness.ts";

const checkout = await startCheckout();
const { booksOf, url: stripeUrl } = checkout;
afterAll(() => checkout.stop());

inBrowser(
  "the card form",
  (stage) => {
    const holding = (user: string, sku = {}, prepare?: (buyer: Person) => Promise<void>) =>
      checkout.holding(stage(), user, sku, prepare);

    test("pays with a card, by keyboard, and moves the focus to the result", async () => {
      const { page, id, skuId } = await holding("pays");
      await page.getByLabel("Test card").focus();
      await page.keyboard.type("Approved");
      await pay(page).focus();
      await page.keyboard.press("Enter");
      await orderIs(page, "confirmed");
      const focused = page.locator("[data-order-title]:focus");
      await focused.filter({ hasText: "Order confirmed" }).waitFor();
      expect(await booksOf(id)).toMatchObject({ intents: 1, charges: 1, amountCharged: 1200 });
      expect(await stage().ledger(skuId)).toMatchObject({ sold: 1, held: 0 });
    });

    test("shows wallet buttons first, and pays with one", async () => {
      const { page, id } = await holding("wallet");
      const wallet = page.getByRole("button", { name: "Pay with test wallet" });
      await wallet.waitFor();
      const controls = page.locator(".card-form").locator("button:visible, select");
      expect(await controls.first().textContent()).toBe("Pay with test wallet");
      await wallet.click();
      await orderIs(page, "confirmed");
      expect(await booksOf(id)).toMatchObject({ charges: 1 });
    });

    test("shows what Stripe finds wrong with the input, and sends nothing", async () => {
      const { page, id } = await holding("incomplete");
      await payWith(page, "Incomplete number");
      await alertSays(page, "Your card number is incomplete.");
      expect(await booksOf(id)).toMatchObject({ intents: 0 });
      await payWith(page, "Approved");
      await orderIs(page, "confirmed");
      expect(await page.locator("[data-order-fault]").textContent()).toBe("");
    });

    test("takes another card after a decline, and after a second one", async () => {
      const { page, id } = await holding("declined");
      await payWith(page, "Declined");
      await page.getByText("Your bank declined this card.").waitFor();
      expect(await order(page).getAttribute("data-status")).toBe("reserved");
      await payWith(page, "Declined");
      await page.locator('.order[data-payment="declined"][data-attempts="3"]').waitFor();
      await payWith(page, "Approved");
      await orderIs(page, "confirmed");
      expect(await booksOf(id)).toMatchObject({ intents: 1, charges: 1 });
    });

    test("confirms the order once the bank's question is answered", async () => {
      const { page, id } = await holding("answers");
      await payWith(page, "Bank asks");
      await answer(page, "Complete");
      await orderIs(page, "confirmed");
      expect(await booksOf(id)).toMatchObject({ intents: 1, charges: 1 });
    });

    test.each([
      ["in the page", "Bank asks", "fails"],
      ["on the bank's own page", ASKS_ELSEWHERE, "fails-there"],
    ])("takes another card after a failed answer %s", async (_, card, user) => {
      const { page, id } = await holding(user);
      await payWith(page, card);
      await answer(page, "Fail");
      await paymentIs(page, "declined");
      await payWith(page, "Approved");
      await orderIs(page, "confirmed");
      expect(await booksOf(id)).toMatchObject({ intents: 1, charges: 1 });
    });

    test("takes another card instead of an answer", async () => {
      const { page, id } = await holding("other-card");
      await payWith(page, "Bank asks");
      await bank(page).waitFor();
      await page.reload();
      await page.getByRole("button", { name: "Use another card" }).click();
      await payWith(page, "Approved");
      await orderIs(page, "confirmed");
      expect(await booksOf(id)).toMatchObject({ intents: 1, charges: 1 });
    });

    test("asks again after a reload, when the buyer presses Pay", async () => {
      const { page, id } = await holding("reloads");
      await payWith(page, "Bank asks");
      await bank(page).waitFor();
      await page.reload();
      await paymentIs(page, "action_required");
      await pay(page).click();
      await answer(page, "Complete");
      await orderIs(page, "confirmed");
      expect(await booksOf(id)).toMatchObject({ intents: 1, charges: 1 });
    });

    test("asks again after the back button, when the buyer presses Pay", async () => {
      const { page, path } = await holding("goes-back");
      await payWith(page, "Bank asks");
      await bank(page).waitFor();
      await page.goto(path);
      await page.goBack();
      await paymentIs(page, "action_required");
      // A page that the browser kept in memory still shows the question.
      if (!(await bank(page).isVisible())) await pay(page).click();
      await answer(page, "Complete");
      await orderIs(page, "confirmed");
    });

    test("shows the result in the buyer's other tab", async () => {
      const { page, buyer, id } = await holding("two-tabs");
      const other = await buyer.open(`/orders/${id}`);
      await payWith(page, "Bank asks");
      await bank(page).waitFor();
      await paymentIs(other, "action_required");
      await answer(page, "Complete");
      await orderIs(other, "confirmed");
      expect(await booksOf(id)).toMatchObject({ charges: 1 });
    });

    test("charges once when the response to a payment is lost", async () => {
      const { page, id } = await holding("lost-answer");
      await choose(page, "Approved");
      await inTurn(page, PAYMENT, loseAnswer);
      await pay(page).click();
      await orderIs(page, "confirmed");
      expect(await booksOf(id)).toMatchObject({ intents: 1, charges: 1 });
    });

    test("charges nothing for an answer after the buyer canceled in another tab", async () => {
      const { page, buyer, id } = await holding("canceled");
      await payWith(page, "Bank asks");
      await bank(page).waitFor();
      const other = await buyer.open(`/orders/${id}`);
      await other.getByRole("button", { name: "Cancel reservation" }).click();
      await other.getByRole("button", { name: "Yes, cancel reservation" }).click();
      await paymentIs(page, "voided");
      await answer(page, "Complete");
      await page.locator("[data-order-title]:focus", { hasText: "Order canceled" }).waitFor();
      expect(await booksOf(id)).toMatchObject({ charges: 0 });
    });

    test("charges nothing for an answer after the hold ended", async () => {
      // As short as the question allows.
      const { page, id } = await holding("too-late", { holdSeconds: QUESTION_MS / 1_000 });
      await payWith(page, "Bank asks");
      await bank(page).waitFor();
      const ended = page.locator('.order[data-status="expired"][data-payment="voided"]');
      await ended.waitFor({ timeout: 3 * QUESTION_MS });
      await answer(page, "Complete");
      await page.locator("[data-order-title]:focus", { hasText: "expired" }).waitFor();
      expect(await booksOf(id)).toMatchObject({ charges: 0 });
    });

    test("offers another try when Stripe.js does not load, and the item stays reserved", async () => {
      let isReachable = false;
      const { page } = await holding("blocked", {}, (buyer) =>
        buyer.reach(stripeUrl, (route) => (isReachable ? route.continue() : route.abort())),
      );
      await alertSays(page, "Your item is still reserved.");
      expect(await pay(page).isVisible()).toBe(false);
      isReachable = true;
      await page.getByRole("button", { name: "Try again" }).click();
      await payWith(page, "Approved");
      await orderIs(page, "confirmed");
    });
  },
  checkout.vars,
);
