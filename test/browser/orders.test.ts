// An order that is held: paid, given back, timed and followed truly, whatever is lost, late or elsewhere.
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { answerDated, inTurn, loseAnswer, ORDER, PAYMENT, refuse } from "./api-mocks.ts";
import { buyButton, inBrowser, order, orderIs, PAID } from "./harness.ts";

const HOUR_MS = 3_600_000;
const pay = (page: Page) => page.getByRole("button", { name: /^Pay/ });
const fault = (page: Page, text: string) =>
  page.locator("[data-order-fault]", { hasText: text }).waitFor();
const digits = (page: Page) => page.locator("[data-hold-digits]");
const lose = (route: { abort(): Promise<void> }) => route.abort();

inBrowser("a held order", (stage) => {
  /** A buyer who holds a paid item, on the page of the sale. */
  async function holding(user: string, sku = {}) {
    const sale = await stage().onSale({ ...PAID, ...sku });
    const buyer = await stage().person();
    await buyer.signIn(user);
    const page = await buyer.open(sale.path);
    await buyButton(page).click();
    await orderIs(page, "reserved");
    const id = (await order(page).getAttribute("data-order")) ?? "";
    return { ...sale, buyer, page, id };
  }

  test("a payment whose answer is lost is looked up, and nothing can be pressed meanwhile", async () => {
    const { page, skuId } = await holding("lost-answer");
    await inTurn(page, PAYMENT, loseAnswer);
    await inTurn(page, ORDER, lose);
    await pay(page).click();
    await page.getByText("checking whether your payment went through").waitFor();
    expect(await pay(page).count()).toBe(0);
    await orderIs(page, "confirmed");
    expect(await stage().ledger(skuId)).toMatchObject({ sold: 1, held: 0 });
  });

  test.each([
    ["never arrived", lose],
    ["met a limit", (route: Parameters<typeof refuse>[0]) => refuse(route, 429, "rate_limited")],
  ])("a payment that %s: it says that nothing was charged, right above Pay", async (name, way) => {
    const { page } = await holding(name);
    await inTurn(page, PAYMENT, way);
    await pay(page).click();
    await fault(page, "you weren't charged");
    await pay(page).click();
    await orderIs(page, "confirmed");
  });

  test("while it pays, it says so, and neither button acts", async () => {
    const { page, skuId } = await holding("in-flight");
    const { promise: bank, resolve: answers } = Promise.withResolvers<void>();
    let payments = 0;
    await page.route(PAYMENT, async (route) => {
      payments += 1;
      await bank;
      await route.continue();
    });
    await pay(page).click();
    const paying = page.getByRole("button", { name: "Paying…" });
    await paying.click({ force: true });
    await page.getByRole("button", { name: "Cancel reservation" }).click({ force: true });
    expect(await page.locator("dialog[open]").count()).toBe(0);
    answers();
    await orderIs(page, "confirmed");
    expect([payments, (await stage().ledger(skuId)).sold]).toEqual([1, 1]);
  });

  test.each(["the sale's", "the order's own"])(
    "a session that ended is renewed on %s page, and the payment goes on",
    async (where) => {
      const { page, buyer, id } = await holding(`renewed on ${where}`);
      if (where !== "the sale's") await page.goto(`/orders/${id}`);
      await buyer.signOut();
      await pay(page).click();
      await page.getByLabel("Your name").fill(`renewed on ${where}`);
      await page.getByRole("button", { name: "Sign in" }).click();
      await orderIs(page, "confirmed");
    },
  );

  test("what one tab does, the others show", async () => {
    const { page, buyer, id } = await holding("two-tabs");
    const other = await buyer.open(`/orders/${id}`);
    await orderIs(other, "reserved");
    await pay(page).click();
    await orderIs(other, "confirmed");
  });

  test.each([-HOUR_MS, HOUR_MS])(
    "the hold is counted on the server's clock, on a page that asked nothing (%d ms off)",
    async (skew) => {
      const { page, id } = await holding(`skewed ${skew}`, { holdSeconds: 120 });
      await page.addInitScript(`{ const real = Date.now; Date.now = () => real() + ${skew}; }`);
      await page.goto(`/orders/${id}`);
      await expect.poll(() => digits(page).textContent()).toMatch(/^[12]:\d\d$/);
    },
  );

  test("its end is said, takes Pay away, and the order is followed into it", async () => {
    const { page, skuId } = await holding("too-late", { holdSeconds: 4 });
    await page.locator(".hold[data-phase=last]").waitFor();
    await orderIs(page, "expired");
    expect(await page.locator("[data-hold-said]").textContent()).toBe(
      "Your reservation has expired.",
    );
    expect(await order(page).textContent()).toContain("You weren't charged");
    expect(await pay(page).count()).toBe(0);
    expect(await stage().ledger(skuId)).toMatchObject({ available: 20, held: 0 });
  });

  test("after a sleep it shows no time until the server was heard", async () => {
    const { page, id } = await holding("sleeper");
    await page.goto(`/orders/${id}`);
    await expect.poll(() => digits(page).textContent()).toMatch(/^[45]:\d\d$/);
    await page.route("**/api/**", lose);
    await page.evaluate("{ const real = Date.now; Date.now = () => real() + 3_600_000; }");
    await expect.poll(() => digits(page).textContent()).toBe("–:––");
    await page.route("**/api/**", (route) => answerDated(route));
    await expect.poll(() => digits(page).textContent()).toMatch(/^[45]:\d\d$/);
  });

  test("the title of its page says what became of it", async () => {
    const paid = await holding("titled");
    await paid.page.goto(`/orders/${paid.id}`);
    await expect.poll(() => paid.page.title()).toBe("Reserved for you: Thing");
    await pay(paid.page).click();
    await orderIs(paid.page, "confirmed");
    expect(await paid.page.title()).toBe("Order confirmed: Thing");
    const lost = await holding("untitled", { holdSeconds: 4 });
    await lost.page.goto(`/orders/${lost.id}`);
    await orderIs(lost.page, "expired");
    expect(await lost.page.title()).toBe("Reservation expired: Thing");
  });

  test("what is paid for is said before: how long it is held, quantity, price and total", async () => {
    const { path } = await stage().onSale({ ...PAID, perUserLimit: 3 });
    const buyer = await stage().person();
    await buyer.signIn("careful");
    const page = await buyer.open(path);
    expect(await page.locator("[data-note]").textContent()).toBe(
      "Reserved for 5 minutes while you pay",
    );
    await page.getByLabel("Quantity").selectOption("2");
    await buyButton(page).click();
    await orderIs(page, "reserved");
    const summary = await page.locator(".summary").innerText();
    expect(summary.replace(/\s+/g, " ")).toBe("Thing 2 × US$12.00 US$24.00");
  });
});
