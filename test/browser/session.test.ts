// A page that stays open while the session becomes another person's, or nobody's: it shows nobody's order
// but the visitor's own.
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { buyButton, inBrowser, order, orderIs, PAID, says } from "./harness.ts";

const gone = (page: Page) => order(page).waitFor({ state: "detached" });

inBrowser("another session", (stage) => {
  /** Somebody with an order on the open page of its sale, and another tab in the same browser. */
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
    ["held", PAID],
    ["confirmed", {}],
  ])("takes a %s order off the page, and buys for whoever is signed in now", async (_, sku) => {
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

  test("a sign-out takes it off as well, and signing in again shows it", async () => {
    const { browser, page, id, saleId } = await given();
    const tab = await browser.open("/orders");
    await tab.getByRole("button", { name: "Sign out" }).click();
    await gone(page);
    await says(page, "You are signed out.");
    await buyButton(page).click();
    await page.getByLabel("Your name").fill(`first of ${saleId}`);
    await page.getByRole("button", { name: "Sign in" }).click();
    await orderIs(page, "reserved");
    expect(await order(page).getAttribute("data-order")).toBe(id);
  });

  test("a visitor stays told that they are signed out until they sign in, whatever other tabs load", async () => {
    const { browser, page, id, saleId } = await given();
    await browser.signOut();
    await page.evaluate("dispatchEvent(new Event('focus'))");
    await says(page, "You are signed out.");

    const asked = page.waitForResponse((answer) => answer.url().endsWith(`/orders/${id}`));
    await browser.open("/");
    expect((await asked).status()).toBe(401);
    await says(page, "You are signed out.");

    await browser.signIn(`first of ${saleId}`);
    await browser.open("/");
    await orderIs(page, "reserved");
    expect(await order(page).getAttribute("data-order")).toBe(id);
  });

  test("the order's own page becomes what the visitor may see of it", async () => {
    const { browser, page, id } = await given();
    await page.goto(`/orders/${id}`);
    await browser.signIn("a stranger");
    await browser.open("/");
    await page.getByText("Page not found").waitFor();
    expect(await page.content()).not.toContain("Reserved for you");
  });

  test("is found out without word from another tab, when somebody comes back to the window", async () => {
    const { browser, page, skuId } = await given();
    await browser.signIn(`unheard of ${skuId}`);
    await page.evaluate("dispatchEvent(new Event('focus'))");
    await gone(page);
  });

  test("is found out when the order of the one before is to be paid or given back", async () => {
    const { browser, page, skuId } = await given();
    await browser.signIn(`too late for ${skuId}`);
    await page.getByRole("button", { name: /^Pay/ }).click();
    await gone(page);
    expect(await stage().ledger(skuId)).toMatchObject({ held: 1, sold: 0 });
  });
});
