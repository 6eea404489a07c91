// A reserved order in the browser: paying, canceling, its countdown and its final status, with lost responses,
// late payments, and other tabs.
import type { Locator, Page, Route } from "playwright-core";
import { expect, test } from "vitest";
import { answerDated, inTurn, loseAnswer, ORDER, PAYMENT, refuse } from "./api-mocks.ts";
import { buyButton, inBrowser, order, orderIs, PAID } from "./harness.ts";

const HOUR_MS = 3_600_000;
const pay = (page: Page) => page.getByRole("button", { name: /^Pay/ });
const fault = (page: Page, text: string) =>
  page.locator("[data-order-fault]", { hasText: text }).waitFor();
const digits = (page: Page) => page.locator("[data-hold-digits]");
const lose = (route: { abort(): Promise<void> }) => route.abort();

inBrowser("a reserved order", (stage) => {
  /** A buyer with a reserved paid item, on the sale page. */
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

  test("looks up a payment whose response was lost, with the buttons disabled meanwhile", async () => {
    const { page, skuId } = await holding("lost-answer");
    await inTurn(page, PAYMENT, loseAnswer);
    const { promise: seen, resolve: see } = Promise.withResolvers<void>();
    await inTurn(page, ORDER, (route) => seen.then(() => lose(route)));
    await pay(page).click();
    await page.getByText("checking whether your payment went through").waitFor();
    expect(await pay(page).count()).toBe(0);
    see();
    await orderIs(page, "confirmed");
    expect(await stage().ledger(skuId)).toMatchObject({ sold: 1, held: 0 });
  });

  test.each([
    ["never arrived", lose],
    [
      "was rate limited",
      (route: Parameters<typeof refuse>[0]) => refuse(route, 429, "rate_limited"),
    ],
  ])("states that nothing was charged when a payment %s", async (name, handler) => {
    const { page } = await holding(name);
    await inTurn(page, PAYMENT, handler);
    await pay(page).click();
    await fault(page, "you weren't charged");
    await pay(page).click();
    await orderIs(page, "confirmed");
  });

  test("disables both buttons while a payment is in progress", async () => {
    const { page, skuId } = await holding("in-flight");
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    let payments = 0;
    await page.route(PAYMENT, async (route) => {
      if (route.request().method() === "GET") return route.fallback();
      payments += 1;
      await released;
      await route.continue();
    });
    await pay(page).click();
    const paying = page.getByRole("button", { name: "Paying…" });
    await paying.click({ force: true });
    await page.getByRole("button", { name: "Cancel reservation" }).click({ force: true });
    expect(await page.locator("dialog[open]").count()).toBe(0);
    release();
    await orderIs(page, "confirmed");
    expect([payments, (await stage().ledger(skuId)).sold]).toEqual([1, 1]);
  });

  test("states how long a payment waits in line, and then confirms the order", async () => {
    const { page } = await holding("in-line");
    const onGet = (handle: (route: Route) => Promise<void>) => (route: Route) =>
      route.request().method() === "GET" ? handle(route) : route.fallback();
    const due = { status: "reserved", payment: "due", version: 2 };
    const wait = { state: "due", attemptsLeft: 4, estimatedSeconds: 120 };
    await page.route(
      ORDER,
      onGet((route) => answerDated(route, (body) => ({ ...body, ...due }))),
    );
    await page.route(
      PAYMENT,
      onGet((route) => route.fulfill({ json: wait })),
    );
    await pay(page).click();
    await page.getByText("Your payment is in line: about 2 minutes.").waitFor();
    await page.unroute(ORDER);
    await orderIs(page, "confirmed");
  });

  test.each(["sale", "order"])(
    "asks for a sign-in on the %s page when the session expired, then completes the payment",
    async (where) => {
      const { page, buyer, id } = await holding(`renewed on ${where}`);
      if (where === "order") await page.goto(`/orders/${id}`);
      await buyer.signOut();
      await pay(page).click();
      await page.getByLabel("Your name").fill(`renewed on ${where}`);
      await page.getByRole("button", { name: "Sign in" }).click();
      await orderIs(page, "confirmed");
    },
  );

  test("updates the order in every open tab", async () => {
    const { page, buyer, id } = await holding("two-tabs");
    const other = await buyer.open(`/orders/${id}`);
    await orderIs(other, "reserved");
    await pay(page).click();
    await orderIs(other, "confirmed");
  });

  test.each([-HOUR_MS, HOUR_MS])(
    "counts the hold down on the server's clock from page load (local clock off by %d ms)",
    async (skew) => {
      const { page, id } = await holding(`skewed ${skew}`, { holdSeconds: 120 });
      await page.addInitScript(`{ const real = Date.now; Date.now = () => real() + ${skew}; }`);
      await page.goto(`/orders/${id}`);
      await expect.poll(() => digits(page).textContent()).toMatch(/^[12]:\d\d$/);
    },
  );

  test("announces the expiry, removes Pay, and shows the expired order", async () => {
    const { page, skuId } = await holding("too-late", { holdSeconds: 12 });
    await page.locator(".hold[data-phase=last]").waitFor();
    await orderIs(page, "expired");
    expect(await page.locator("[data-hold-said]").textContent()).toBe(
      "Your reservation has expired.",
    );
    expect(await order(page).textContent()).toContain("You weren't charged");
    expect(await pay(page).count()).toBe(0);
    expect(await stage().ledger(skuId)).toMatchObject({ available: 20, held: 0 });
  });

  test("hides the countdown after device sleep until the server responds", async () => {
    const { page, id } = await holding("sleeper");
    await page.goto(`/orders/${id}`);
    await expect.poll(() => digits(page).textContent()).toMatch(/^[45]:\d\d$/);
    await page.route("**/api/**", lose);
    await page.evaluate("{ const real = Date.now; Date.now = () => real() + 3_600_000; }");
    await expect.poll(() => digits(page).textContent()).toBe("–:––");
    await page.route("**/api/**", (route) => answerDated(route));
    await expect.poll(() => digits(page).textContent()).toMatch(/^[45]:\d\d$/);
  });

  test("shows the order's status in the page title", async () => {
    const paid = await holding("titled");
    await paid.page.goto(`/orders/${paid.id}`);
    await expect.poll(() => paid.page.title()).toBe("Reserved for you: Thing");
    await pay(paid.page).click();
    await orderIs(paid.page, "confirmed");
    expect(await paid.page.title()).toBe("Order confirmed: Thing");
    const lost = await holding("untitled", { holdSeconds: 12 });
    await lost.page.goto(`/orders/${lost.id}`);
    await orderIs(lost.page, "expired");
    expect(await lost.page.title()).toBe("Reservation expired: Thing");
  });

  test("shows the hold time, quantity, price and total before payment", async () => {
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

  test.each([
    [500_000, "HUF", "HUF 5,000.00", "HUF 10,000.00"],
    [5_000, "ISK", "ISK 5,000", "ISK 10,000"],
  ])("shows %i minor units of %s as %s on every page", async (amount, currency, each, total) => {
    const unitPrice = { amount, currency };
    const { saleId, path } = await stage().onSale({ unitPrice, perUserLimit: 2 });
    const shownIn = async (scope: Locator) => (await scope.innerText()).replace(/\s+/g, " ");
    const reader = await (await stage().person({ javaScriptEnabled: false })).open(path);
    expect(await shownIn(reader.locator("main"))).toContain(each);
    const buyer = await stage().person();
    await buyer.signIn(`pays in ${currency}`);
    const page = await buyer.open("/");
    expect(await shownIn(page.locator(`[data-listed="${saleId}"]`))).toContain(each);
    await page.goto(path);
    expect(await shownIn(page.locator("main"))).toContain(each);
    await page.getByLabel("Quantity").selectOption("2");
    await buyButton(page).click();
    await orderIs(page, "reserved");
    expect(await shownIn(page.locator(".summary"))).toBe(`Thing 2 × ${each} ${total}`);
  });
});
