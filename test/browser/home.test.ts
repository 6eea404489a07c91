// The list of sales in a browser: true while it stays open, without a reload, on the server's time.
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { changeLive, LIVE, refuse } from "./api-mocks.ts";
import { buyButton, inBrowser, orderIs, PAID } from "./harness.ts";

const badge = (page: Page, saleId: string, text: string) =>
  page.locator(`[data-listed="${saleId}"] [data-badge]`, { hasText: text }).waitFor();

inBrowser("the list", (stage) => {
  test("a sale opens in place, and whoever reads on keeps their place", async () => {
    const { saleId } = await stage().onSale({}, { opensIn: 9_000 });
    const visitor = await stage().person();
    const page = await visitor.open("/");
    await badge(page, saleId, "Opens soon");
    await page.locator(`[data-listed="${saleId}"] a`).focus();
    await badge(page, saleId, "Open now");
    expect(await page.evaluate("document.activeElement?.getAttribute('href')")).toBe(
      `/sales/${saleId}`,
    );
    const words = page.locator(`[data-listed="${saleId}"] [data-when]`);
    expect(await words.textContent()).toBe("Ends");
  });

  test("a visitor's wrong clock changes nothing", async () => {
    const { saleId } = await stage().onSale({}, { opensIn: 3_600_000, closesIn: 7_200_000 });
    const visitor = await stage().person();
    const page = await visitor.open("/orders");
    await page.addInitScript("{ const real = Date.now; Date.now = () => real() + 5_000_000; }");
    const asked = page.waitForResponse("**/live");
    await page.goto("/");
    await asked;
    await badge(page, saleId, "Opens soon");
  });

  test("a sale that was taken off says so, without a time that is still ahead", async () => {
    const { saleId } = await stage().onSale({}, { closesIn: 60_000 });
    const page = await (await stage().person()).open("/orders");
    await page.route(LIVE, (route) => refuse(route, 404, "not_found"));
    await page.goto("/");
    await badge(page, saleId, "Removed");
    const card = page.locator(`[data-listed="${saleId}"]`);
    expect(await card.innerText()).not.toMatch(/Ends|Ended/);
  });

  test("without JavaScript, too, a sale says when nothing of it is left", async () => {
    const { saleId, path } = await stage().onSale({ ...PAID, stock: 1 }, { closesIn: 60_000 });
    const buyer = await stage().person();
    await buyer.signIn("the last one");
    const shop = await buyer.open(path);
    await buyButton(shop).click();
    await orderIs(shop, "reserved");
    const page = await (await stage().person({ javaScriptEnabled: false })).open("/");
    const says = async () => {
      await page.reload();
      return page.locator(`[data-listed="${saleId}"] [data-badge]`).textContent();
    };
    await expect.poll(says).toBe("All reserved");
    await shop.getByRole("button", { name: /^Pay/ }).click();
    await orderIs(shop, "confirmed");
    await expect.poll(says).toBe("Sold out");
  });

  test("a sale of which nothing is left says so", async () => {
    const { saleId } = await stage().onSale({}, { closesIn: 120_000 });
    const visitor = await stage().person();
    const page = await visitor.open("/orders");
    await changeLive(page, (live) => ({
      ...live,
      skus: (live.skus as object[]).map((each) => ({ ...each, available: 0, state: "sold_out" })),
    }));
    await page.goto("/");
    await badge(page, saleId, "Sold out");
  });
});
