// A sale edited while its page is open: the page updates, and nobody buys at a price they have not seen.
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { changeLive, inTurn, LIVE, ORDERS, refuse } from "./api-mocks.ts";
import { buyButton, inBrowser, orderIs, PAID, says } from "./harness.ts";

const NEW_PRICE = { amount: 5_500, currency: "USD" };
const price = (page: Page) => page.locator(".price");

inBrowser("a sale edited while its page is open", (stage) => {
  async function given(user: string) {
    const sale = await stage().onSale({ unitPrice: { amount: 4_500, currency: "USD" } });
    const buyer = await stage().person();
    await buyer.signIn(user);
    const page = await buyer.open(sale.path);
    await page.locator('[data-buy] button[aria-disabled="false"]').waitFor();
    return { ...sale, page };
  }

  test("updates price, name and title on the page and sells at the new price", async () => {
    const { page, change, skuId } = await given("watching");
    const sent = page.waitForRequest(ORDERS);
    await change((sale) => ({
      ...sale,
      title: "Renamed",
      skus: sale.skus.map((sku) => ({ ...sku, name: "Better thing", unitPrice: NEW_PRICE })),
    }));
    await expect.poll(() => price(page).textContent()).toBe("US$55.00");
    await says(page, "The price is now US$55.00.");
    await expect.poll(() => page.locator(".sku h2").textContent()).toBe("Better thing");
    expect(await page.locator("h1").textContent()).toBe("Renamed");
    await buyButton(page).click();
    expect((await sent).postDataJSON()).toMatchObject({ unitPrice: NEW_PRICE });
    await orderIs(page, "reserved");
    expect(await page.getByRole("button", { name: "Pay US$55.00" }).isVisible()).toBe(true);
    expect(await stage().ledger(skuId)).toMatchObject({ held: 1 });
  });

  test("asks the buyer to confirm a price change that the edge cache has not picked up", async () => {
    const { page, change, skuId } = await given("unaware");
    // The live answer of an edge with a stale catalog.
    await changeLive(page, (live) => ({
      ...live,
      revision: 1,
      skus: (live.skus as object[]).map((sku) => ({
        ...sku,
        unitPrice: { amount: 4_500, currency: "USD" },
      })),
    }));
    await change((sale) => ({
      ...sale,
      skus: sale.skus.map((sku) => ({ ...sku, unitPrice: NEW_PRICE })),
    }));
    expect(await price(page).textContent()).toBe("US$45.00");
    await buyButton(page).click();
    await says(page, "The price is now US$55.00. Nothing was ordered");
    expect(await stage().ledger(skuId)).toMatchObject({ held: 0 });
    await page.waitForResponse(LIVE);
    expect(await price(page).textContent()).toBe("US$55.00");
    await buyButton(page).click();
    await orderIs(page, "reserved");
    expect(await page.getByRole("button", { name: "Pay US$55.00" }).isVisible()).toBe(true);
  });

  test("collects the payment with the order after earlier reservations expired unpaid", async () => {
    const { page, skuId } = await given("unpaid before");
    const detail = "This time, choose how to pay before you order.";
    const needsPayment = [409, "payment_method_required", { detail }] as const;
    await inTurn(page, ORDERS, (route) => refuse(route, ...needsPayment));
    await buyButton(page).click();
    await says(page, detail);
    const sent = page.waitForRequest(ORDERS);
    await buyButton(page).click();
    expect((await sent).postDataJSON()).toMatchObject({ paymentToken: "tok_ok" });
    await orderIs(page, "confirmed");
    expect(await page.locator("[data-buy] .cards").count()).toBe(0);
    expect(await stage().ledger(skuId)).toMatchObject({ sold: 1 });
  });

  test("shows the price of a free item that becomes paid", async () => {
    const free = await stage().onSale({});
    const page = await (await stage().person()).open(free.path);
    await free.change((sale) => ({ ...sale, skus: sale.skus.map((sku) => ({ ...sku, ...PAID })) }));
    await expect.poll(() => price(page).textContent()).toBe("US$12.00");
  });
});
