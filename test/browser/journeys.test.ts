// Complete purchases in a real browser, from the countdown to the confirmed order: with JavaScript, without it,
// and with the keyboard alone.
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { buyButton, inBrowser, message, order, orderIs, PAID, refocus } from "./harness.ts";

inBrowser("buying", (stage) => {
  test("opens on its own, asks for a sign-in, and confirms the order, without a reload", async () => {
    const later = { opensIn: 3_600_000, closesIn: 7_200_000 };
    const { path, skuId, change } = await stage().onSale({}, later);
    const page = await (await stage().person()).open(path);
    await expect.poll(() => page.locator("[data-countdown-label]").textContent()).toBe("Opens in");
    expect(await buyButton(page).getAttribute("aria-disabled")).toBe("true");
    let loads = 0;
    page.on("load", () => {
      loads += 1;
    });
    await change((sale) => ({ ...sale, opensAt: new Date(Date.now() + 4_000).toISOString() }));
    // The visitor looks at the page again, which has no reason yet to look often.
    await refocus(page);
    await page.locator('[data-buy] button[aria-disabled="false"]').waitFor();
    expect(loads, "reloads").toBe(0);
    expect(await page.locator("[data-announce]").textContent()).toBe("The sale is open.");
    expect(await page.title()).toMatch(/^Open now: Sale/);
    await buyButton(page).click();
    await page.getByLabel("Your name").fill("alice");
    await page.getByRole("button", { name: "Sign in" }).click();
    await orderIs(page, "confirmed");
    expect(await focused(page)).toMatch(/You got it|confirmed/);
    expect(await stage().ledger(skuId)).toMatchObject({ sold: 1, held: 0 });
    await page.goto("/orders");
    expect(await page.getByText("Order confirmed").count()).toBe(1);
  });

  test("keeps a paid item reserved after a declined card, and sells it for another", async () => {
    const { path, skuId } = await stage().onSale(PAID);
    const buyer = await stage().person();
    await buyer.signIn("bob");
    const page = await buyer.open(path);
    await buyButton(page).click();
    await orderIs(page, "reserved");
    expect(await page.locator("[data-hold-digits]").textContent()).toMatch(/^\d:\d\d$/);
    expect(await buyButton(page).isVisible(), "one clear action").toBe(false);
    await page.getByLabel("Test card: declined").check();
    await page.getByRole("button", { name: "Pay" }).click();
    await page.getByText("your item is still reserved").waitFor();
    expect(await order(page).textContent()).toContain("Payment declined");
    expect(await page.locator("[data-hold-digits]").textContent()).toMatch(/^\d:\d\d$/);
    expect(await stage().ledger(skuId)).toMatchObject({ sold: 0, held: 1 });
    await page.getByLabel("Test card: approved").check();
    await page.getByRole("button", { name: "Pay US$12.00" }).click();
    await orderIs(page, "confirmed");
    expect(await stage().ledger(skuId)).toMatchObject({ sold: 1, held: 0 });
  });

  test("confirms a paid item once its buyer answered the bank, on a page of its own", async () => {
    const { path, skuId } = await stage().onSale(PAID);
    const buyer = await stage().person();
    await buyer.signIn("careful");
    const page = await buyer.open(path);
    await buyButton(page).click();
    await orderIs(page, "reserved");
    await page.getByRole("link", { name: "View your order" }).click();
    await page.getByLabel("Test card: bank asks first").check();
    await page.getByRole("button", { name: "Pay US$12.00" }).click();
    await page.getByText("Your bank has a question").first().waitFor();
    expect(await page.locator("[data-hold-digits]").textContent()).toMatch(/^\d:\d\d$/);
    await page.reload();
    await page.getByText("Your bank has a question").first().waitFor();
    await page.getByLabel("Test card: bank asks first").check();
    await page.getByRole("button", { name: "Pay US$12.00" }).click();
    await orderIs(page, "confirmed");
    expect(await stage().ledger(skuId)).toMatchObject({ sold: 1, held: 0 });
  });

  test("cancels a reservation only after confirmation", async () => {
    const { path, skuId } = await stage().onSale(PAID);
    const buyer = await stage().person();
    await buyer.signIn("hesitant");
    const page = await buyer.open(path);
    await buyButton(page).click();
    await orderIs(page, "reserved");
    await page.getByRole("button", { name: "Cancel reservation" }).click();
    await page.getByRole("button", { name: "Keep reservation" }).click();
    expect(await stage().ledger(skuId)).toMatchObject({ held: 1 });
    await page.getByRole("button", { name: "Cancel reservation" }).click();
    await page.getByRole("button", { name: "Yes, cancel reservation" }).click();
    await orderIs(page, "cancelled");
    expect(await stage().ledger(skuId)).toMatchObject({ sold: 0, held: 0 });
  });

  test("tells a late buyer and a new visitor that the item is sold out", async () => {
    const { path, skuId } = await stage().onSale({ stock: 1 });
    const [first, second] = [await stage().person(), await stage().person()];
    await first.signIn("carol");
    await second.signIn("dave");
    const late = await second.open(path);
    // Block live stock, so that the late buyer's page learns it from the refusal.
    await late.route("**/live", (route) => route.abort());
    await late.reload();
    const page = await first.open(path);
    await buyButton(page).click();
    await orderIs(page, "confirmed");
    await buyButton(late).click();
    await expect.poll(() => message(late).textContent()).toContain("Sold out");
    await late.getByRole("button", { name: "Sold out" }).waitFor();
    const newcomer = await second.open(path);
    await newcomer.getByRole("button", { name: "Sold out" }).waitFor();
    expect(await newcomer.locator("[data-badge]").textContent()).toBe("Sold out");
    expect(await newcomer.title()).toMatch(/^Sold out: Sale/);
    expect((await stage().ledger(skuId)).sold).toBe(1);
  });

  test("completes sign-in, order and payment without JavaScript", async () => {
    const { path, skuId } = await stage().onSale({ ...PAID, perUserLimit: 3 });
    const page = await (await stage().person({ javaScriptEnabled: false })).open(path);
    await page.getByLabel("Quantity").selectOption("2");
    await page.getByRole("button", { name: "Buy now Thing" }).click();
    await page.getByLabel("Your name").fill("erin");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("button", { name: "Buy now" }).click();
    await page.getByRole("button", { name: "Pay $24.00" }).click();
    await expect
      .poll(() => page.reload().then(() => order(page).textContent()))
      .toContain("Order confirmed");
    expect((await stage().ledger(skuId)).sold).toBe(2);
    await page.getByRole("link", { name: "All my orders" }).click();
    expect(await page.getByRole("heading", { name: "Thing" }).count()).toBe(1);
  });

  test("completes a purchase with the keyboard alone and moves focus with each step", async () => {
    const { path } = await stage().onSale(PAID);
    const page = await (await stage().person()).open(path);
    await page.locator('[data-buy] button[aria-disabled="false"]').waitFor();
    await page.keyboard.press("Tab");
    expect(await focused(page)).toBe("Skip to content");
    await tabTo(page, "Buy now");
    await page.keyboard.press("Enter");
    await page.locator("dialog[open]").waitFor();
    await page.keyboard.type("frank");
    await page.keyboard.press("Enter");
    await orderIs(page, "reserved");
    await expect.poll(() => focused(page)).toBe("Reserved for you");
    await tabTo(page, "Pay US$12.00");
    await page.keyboard.press("Enter");
    await orderIs(page, "confirmed");
    await expect.poll(() => focused(page)).toMatch(/Payment processing|Order confirmed/);
  });

  test("formats prices and times for the visitor's language and time zone", async () => {
    const { path } = await stage().onSale(PAID);
    const visitor = await stage().person({ locale: "de-DE", timezoneId: "Asia/Tokyo" });
    const page = await visitor.open(path);
    await expect.poll(() => page.locator(".price").textContent()).toMatch(/12,00\s\$/);
    expect(await page.locator("[data-zone]").textContent()).toContain("Asia/Tokyo");
    const shown = await page.locator(".window time").first().textContent();
    const iso = await page.locator(".window time").first().getAttribute("datetime");
    const expected = new Intl.DateTimeFormat("de-DE", {
      dateStyle: "medium",
      timeStyle: "short",
      timeZone: "Asia/Tokyo",
    });
    expect(shown).toBe(expected.format(new Date(iso ?? "")));
  });
});

const focused = async (page: Page) => {
  const text = await page.evaluate<string>("document.activeElement?.innerText ?? ''");
  return text.replace(/\s+/g, " ").trim();
};

async function tabTo(page: Page, name: string): Promise<void> {
  for (let steps = 0; steps < 20; steps += 1) {
    if ((await focused(page)) === name) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`"${name}" cannot be reached with the Tab key`);
}
