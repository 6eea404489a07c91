// The list of sales in a browser: it stays current without a reload, on the server's clock.
import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { changeLive, LIVE, refuse } from "./api-mocks.ts";
import { buyButton, inBrowser, orderIs, PAID, refocus } from "./harness.ts";
import { lineSale } from "./line-scene.ts";
import { onSaleInSizes } from "./products-scene.ts";

const badge = (page: Page, saleId: string, text: string) =>
  page.locator(`[data-listed="${saleId}"] [data-badge]`, { hasText: text }).waitFor();

inBrowser("the list of sales", (stage) => {
  test("marks a sale open at its opening time without moving focus", async () => {
    const later = { opensIn: 3_600_000, closesIn: 7_200_000 };
    const { saleId, change } = await stage().onSale({}, later);
    const visitor = await stage().person();
    const page = await visitor.open("/");
    await badge(page, saleId, "Opens soon");
    await page.locator(`[data-listed="${saleId}"] a`).focus();
    await change((sale) => ({ ...sale, opensAt: new Date(Date.now() + 6_000).toISOString() }));
    await refocus(page);
    await badge(page, saleId, "Open now");
    expect(await page.evaluate("document.activeElement?.getAttribute('href')")).toBe(
      `/sales/${saleId}`,
    );
    const words = page.locator(`[data-listed="${saleId}"] [data-when]`);
    expect(await words.textContent()).toBe("Ends");
  });

  test("ignores the visitor's wrong clock", async () => {
    const { saleId } = await stage().onSale({}, { opensIn: 3_600_000, closesIn: 7_200_000 });
    const visitor = await stage().person();
    const page = await visitor.open("/orders");
    await page.addInitScript("{ const real = Date.now; Date.now = () => real() + 5_000_000; }");
    const live = page.waitForResponse("**/live");
    await page.goto("/");
    await live;
    await badge(page, saleId, "Opens soon");
  });

  test("marks a deleted sale as removed and hides its times", async () => {
    const { saleId } = await stage().onSale({}, { closesIn: 600_000 });
    const page = await (await stage().person()).open("/orders");
    await page.route(LIVE, (route) => refuse(route, 404, "not_found"));
    await page.goto("/");
    await badge(page, saleId, "Removed");
    const card = page.locator(`[data-listed="${saleId}"]`);
    expect(await card.innerText()).not.toMatch(/Ends|Ended/);
  });

  test("shows without JavaScript when a sale is fully reserved or sold out", async () => {
    const { saleId, path } = await stage().onSale({ ...PAID, stock: 1 }, { closesIn: 600_000 });
    const buyer = await stage().person();
    await buyer.signIn("the last one");
    const shop = await buyer.open(path);
    await buyButton(shop).click();
    await orderIs(shop, "reserved");
    const page = await (await stage().person({ javaScriptEnabled: false })).open("/");
    const reloadedBadge = async () => {
      await page.reload();
      return page.locator(`[data-listed="${saleId}"] [data-badge]`).textContent();
    };
    await expect.poll(reloadedBadge).toBe("All reserved");
    await shop.getByRole("button", { name: /^Pay/ }).click();
    await orderIs(shop, "confirmed");
    await expect.poll(reloadedBadge).toBe("Sold out");
  });

  test("marks a sale sold out from the live stock", async () => {
    const { saleId } = await stage().onSale({}, { closesIn: 600_000 });
    const visitor = await stage().person();
    const page = await visitor.open("/orders");
    await changeLive(page, (live) => ({
      ...live,
      skus: (live.skus as object[]).map((each) => ({ ...each, available: 0, state: "sold_out" })),
    }));
    await page.goto("/");
    await badge(page, saleId, "Sold out");
  });

  test("and every other page load less than 14 KB of script before they are idle, and work without the rest", async () => {
    const { path } = await stage().onSale({ ...PAID, perUserLimit: 3 });
    const sized = await onSaleInSizes(stage());
    const line = await lineSale(stage());
    const visitor = await stage().person();
    await visitor.signIn("early");
    const page = await visitor.open(path);
    await buyButton(page).click();
    await orderIs(page, "reserved");
    await page.context().addInitScript("requestIdleCallback = () => 0");
    let loaded: string[] = [];
    page.on("request", (request) => {
      if (request.resourceType() === "script") loaded.push(request.url());
    });
    for (const at of ["/", "/orders", "/nowhere", path, line.path, sized.path]) {
      loaded = [];
      await page.goto(at);
      await page.locator("[data-zone]", { hasText: "(" }).waitFor();
      const sizes = await Promise.all(
        [...new Set(loaded)].map(
          async (url) => gzipSync(await (await page.request.get(url)).body()).length,
        ),
      );
      expect(sizes.length, at).toBeGreaterThan(0);
      expect(
        sizes.reduce((sum, size) => sum + size),
        at,
      ).toBeLessThan(14 * 1024);
    }
    await page.getByRole("radio").last().click();
    await page.locator("[data-unpicked] button").click();
    await page.getByText("Runner 43").first().waitFor();
    expect(page.url()).toContain(sized.skuIds[2] ?? "none");
  });
});
