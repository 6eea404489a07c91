// A page that stays open while the session changes to another account or ends: it shows only the current
// visitor's orders.
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { buyButton, inBrowser, order, orderIs, PAID, says } from "./harness.ts";

const gone = (page: Page) => order(page).waitFor({ state: "detached" });

inBrowser("a session change", (stage) => {
  /** A buyer with an order, on the sale page that shows it. */
  async function given(sku: object = PAID) {
    const sale = await stage().onSale(sku);
    const browser = await stage().person();
    await browser.signIn(`first of ${sale.saleId}`);
    const page = await browser.open(sale.path);
    await buyButton(page).click();
    await orderIs(page, "unitPrice" in sku ? "reserved" : "confirmed");
    const id = (await order(page).getAttribute("data-order")) ?? "";
    return { ...sale, browser, page, id };
  }

  test.each([
    ["reserved", PAID],
    ["confirmed", {}],
  ])("removes a %s order from the page and buys for the new account", async (_, sku) => {
    const { browser, page, id, skuId } = await given(sku);
    await browser.signIn(`second of ${skuId}`);
    await browser.open("/");
    await gone(page);
    await says(page, "A different account is signed in now.");
    await buyButton(page).click();
    await order(page).waitFor();
    expect(await order(page).getAttribute("data-order")).not.toBe(id);
    const { units } = (await stage().ledger(skuId)) as unknown as {
      units: { reserved: number; confirmed: number };
    };
    expect(units.reserved + units.confirmed).toBe(2);
  });

  test("removes the order on sign-out and shows it again on sign-in", async () => {
    const { browser, page, id, saleId } = await given();
    const tab = await browser.open("/orders");
    await tab.getByRole("button", { name: "Sign out" }).click();
    await gone(page);
    await says(page, "You're signed out.");
    await buyButton(page).click();
    await page.getByLabel("Your name").fill(`first of ${saleId}`);
    await page.getByRole("button", { name: "Sign in" }).click();
    await orderIs(page, "reserved");
    expect(await order(page).getAttribute("data-order")).toBe(id);
  });

  test("keeps showing the signed-out message until sign-in, even when other tabs load", async () => {
    const { browser, page, id, saleId } = await given();
    await browser.signOut();
    await page.evaluate("dispatchEvent(new Event('focus'))");
    await says(page, "You're signed out.");

    const lookup = page.waitForResponse((response) => response.url().endsWith(`/orders/${id}`));
    await browser.open("/");
    expect((await lookup).status()).toBe(401);
    await says(page, "You're signed out.");

    await browser.signIn(`first of ${saleId}`);
    await browser.open("/");
    await orderIs(page, "reserved");
    expect(await order(page).getAttribute("data-order")).toBe(id);
  });

  test("replaces an order page with “Page not found” for another account", async () => {
    const { browser, page, id } = await given();
    await page.goto(`/orders/${id}`);
    await browser.signIn("a stranger");
    await browser.open("/");
    await page.getByText("Page not found").waitFor();
    expect(await page.content()).not.toContain("Reserved for you");
  });

  test("is detected when the window regains focus, without a message from another tab", async () => {
    const { browser, page, skuId } = await given();
    await browser.signIn(`unheard of ${skuId}`);
    await page.evaluate("dispatchEvent(new Event('focus'))");
    await gone(page);
  });

  test("is detected when the new account tries to pay the previous account's order", async () => {
    const { browser, page, skuId } = await given();
    await browser.signIn(`too late for ${skuId}`);
    await page.getByRole("button", { name: /^Pay/ }).click();
    await gone(page);
    expect(await stage().ledger(skuId)).toMatchObject({ held: 1, sold: 0 });
  });
});
