// Stock on the sale page: what is left, reserved or sold out, before and after the live answers.
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { changeLive, LIVE } from "./api-mocks.ts";
import { buyButton, inBrowser, orderIs, PAID, says } from "./harness.ts";

const canBuy = (page: Page) => page.locator('[data-buy] button[aria-disabled="false"]').waitFor();
const left = (page: Page) => page.locator("[data-left]").textContent();

inBrowser("stock on the sale page", (stage) => {
  /** A signed-in buyer on the home page, about to open the sale page. */
  async function visitor(user: string, ...what: Parameters<ReturnType<typeof stage>["onSale"]>) {
    const sale = await stage().onSale(...what);
    const buyer = await stage().person();
    await buyer.signIn(user);
    return { ...sale, buyer, page: await buyer.open("/") };
  }

  test("keeps the server-rendered “Sold out” until the first live answer", async () => {
    const { page, path } = await visitor("before-live", { stock: 0 });
    const plain = await (await stage().person({ javaScriptEnabled: false })).open(path);
    await expect
      .poll(() => plain.reload().then(() => buyButton(plain).textContent()))
      .toBe("Sold out");
    expect(await buyButton(plain).isDisabled()).toBe(true);
    expect(await left(plain)).toBe("None left");
    await page.route(LIVE, () => {}); // never answers
    await page.goto(path);
    await page.locator('[data-buy] button[aria-disabled="true"]').waitFor();
    expect(await buyButton(page).textContent()).toBe("Sold out");
    expect(await page.locator("[data-badge]").textContent()).toBe("Sold out");
  });

  test("hides stale stock and still sells", async () => {
    const { page, path } = await visitor("old-stock");
    const asOf = new Date(Date.now() - 60_000).toISOString();
    await changeLive(page, (live) => ({ ...live, asOf }));
    await page.goto(path);
    await page.getByText("Stock counts may be out of date").waitFor();
    expect(await left(page)).toBe("");
    await buyButton(page).click();
    await orderIs(page, "confirmed");
  });

  test("shows no stock for an item missing from the live answer, and still sells it", async () => {
    const { page, path } = await visitor("unknown-stock");
    await changeLive(page, (live) => ({ ...live, skus: [] }));
    await page.goto(path);
    await page.locator("[data-countdown-label]", { hasText: "Ends in" }).waitFor();
    expect(await left(page)).toBe("");
    await canBuy(page);
  });

  test("does not announce “sold out” to the buyer of the last unit", async () => {
    const { page, path } = await visitor("last-one", { stock: 1 });
    await page.goto(path);
    await canBuy(page);
    await buyButton(page).click();
    await orderIs(page, "confirmed");
    await page.locator('[data-sku][data-stock="sold_out"]').waitFor();
    await page.getByText("You've reached the limit of 1 per person.").waitFor();
    expect(await page.locator("main").innerText()).not.toMatch(/sold out|none left/i);
    expect(await page.locator("[data-announce]").textContent()).toBe("");
  });

  test("offers a try at fully reserved units and sells one that is released", async () => {
    const { page, path, skuId } = await visitor("patient", { ...PAID, stock: 1 });
    const holder = await stage().person();
    await holder.signIn("holder");
    const theirs = await holder.open(path);
    await buyButton(theirs).click();
    await orderIs(theirs, "reserved");
    await page.goto(path);
    const attempt = page.getByRole("button", { name: "Try to get one" });
    await attempt.waitFor();
    expect(await page.locator("[data-badge]").textContent()).toBe("All reserved");
    expect(await page.locator("[data-left]").textContent()).toContain("some may become available");
    await attempt.click();
    await says(page, "Try again in a moment");
    expect(await attempt.getAttribute("aria-disabled")).toBe("false");
    await theirs.getByRole("button", { name: "Cancel reservation" }).click();
    await theirs.getByRole("button", { name: "Yes, cancel reservation" }).click();
    await page.getByRole("button", { name: "Buy now" }).click();
    await orderIs(page, "reserved");
    expect(await stage().ledger(skuId)).toMatchObject({ held: 1 });
  });

  test("offers no quantity of a sold-out item, and offers it when units come back", async () => {
    const sold = (available: number, state: string) => (live: object) => ({
      ...live,
      skus: [{ id: skuId, available, held: 0, state }],
    });
    const { page, path, skuId } = await visitor("shopper", { ...PAID, perUserLimit: 3, stock: 0 });
    const quantity = page.getByLabel("Quantity");
    await changeLive(page, sold(0, "sold_out"));
    await page.goto(path);
    await page
      .locator('[data-buy] button[aria-disabled="true"]', { hasText: "Sold out" })
      .waitFor();
    expect(await quantity.isVisible()).toBe(false);
    await changeLive(page, sold(5, "available"));
    await page.getByRole("button", { name: "Tell me if one comes back" }).click();
    await canBuy(page);
    expect(await quantity.isVisible()).toBe(true);
    await quantity.selectOption("3");
    await page.getByText("US$36.00").waitFor();
  });

  test("offers no quantity of a sold-out item without JavaScript", async () => {
    const { path } = await visitor("plain", { perUserLimit: 3, stock: 0 });
    const plain = await (await stage().person({ javaScriptEnabled: false })).open(path);
    await expect
      .poll(() => plain.reload().then(() => buyButton(plain).textContent()))
      .toBe("Sold out");
    expect(await plain.getByLabel("Quantity").isVisible()).toBe(false);
  });

  test.each([
    ["a sold-out item", { ...PAID, stock: 1 }],
    ["an item without stock", { stock: 0 }],
  ])("suggests no retry for %s", async (name, sku) => {
    const { page, path } = await visitor(name, sku);
    await changeLive(page, (live) => ({
      ...live,
      skus: (live.skus as object[]).map((each) => ({ ...each, available: 0, state: "sold_out" })),
    }));
    await page.goto(path);
    await page.getByRole("button", { name: "Sold out" }).click({ force: true });
    await says(page, "Sold out.");
    expect(await page.locator("main").innerText()).not.toMatch(/become available|try/i);
  });
});
