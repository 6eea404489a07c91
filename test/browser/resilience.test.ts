// Buying under failure: two tabs, double clicks, lost responses, no network, rate limits, a wrong clock.
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { inTurn, LIVE, loseAnswer, ORDERS, refuse } from "./api-mocks.ts";
import { buyButton, inBrowser, message, order, orderIs, says, watchOrders } from "./harness.ts";
import { countRequests, runFor } from "./page-clock.ts";

inBrowser("buying under failure", (stage) => {
  /** A signed-in buyer on the page of a free item with a limit of one. */
  async function ready(user: string, sku = {}) {
    const sale = await stage().onSale(sku);
    const buyer = await stage().person();
    await buyer.signIn(user);
    const page = await buyer.open(sale.path);
    await page.locator('[data-buy] button[aria-disabled="false"]').waitFor();
    return { ...sale, buyer, page };
  }

  test("places one order for many clicks in two tabs and shows it in both", async () => {
    const { page, buyer, path, skuId } = await ready("tabs", { perUserLimit: 5 });
    const other = await buyer.open(path);
    await other.locator('[data-buy] button[aria-disabled="false"]').waitFor();
    const presses = (tab: Page) =>
      tab.evaluate(
        "for (let i = 0; i < 5; i += 1) document.querySelector('[data-buy] button').click()",
      );
    await Promise.all([presses(page), presses(other)]);
    await orderIs(page, "confirmed");
    await orderIs(other, "confirmed");
    expect(await stage().ledger(skuId)).toMatchObject({ sold: 1, held: 0 });
  });

  test("completes a press made offline once the connection returns", async () => {
    const { page, buyer, skuId } = await ready("offline");
    await buyer.offline(true);
    await buyButton(page).click();
    await expect.poll(() => message(page).textContent()).toContain("No connection");
    await buyer.offline(false);
    await orderIs(page, "confirmed");
    expect((await stage().ledger(skuId)).sold).toBe(1);
  });

  test("recovers the order after a lost response instead of ordering twice", async () => {
    const { page, skuId } = await ready("lost", { perUserLimit: 5 });
    await page.route(ORDERS, loseAnswer, { times: 2 });
    await buyButton(page).click();
    await orderIs(page, "confirmed");
    expect(await stage().ledger(skuId)).toMatchObject({ sold: 1, held: 0 });
  });

  test("finds the order after a reload during the request", async () => {
    const { page, skuId } = await ready("reload", { perUserLimit: 5 });
    const placed = new Promise<void>((resolve) => {
      void page.route(
        ORDERS,
        async (route) => {
          await route.fetch();
          resolve();
        },
        { times: 1 },
      );
    });
    await buyButton(page).click();
    await placed;
    await page.reload();
    await orderIs(page, "confirmed");
    expect((await stage().ledger(skuId)).sold).toBe(1);
    await page.reload();
    await orderIs(page, "confirmed");
  });

  test("counts a rate limit down and sends nothing until it ends", async () => {
    const { page, path } = await ready("limited");
    // The countdown must not end before the second press, so the test ends it.
    await page.clock.install();
    await page.goto(path);
    await page.locator('[data-buy] button[aria-disabled="false"]').waitFor();
    let sent = 0;
    await page.route(ORDERS, (route) => {
      sent += 1;
      return sent === 1
        ? refuse(route, 429, "rate_limited", { retryAfter: 600 })
        : route.continue();
    });
    await buyButton(page).click();
    await page.getByRole("button", { name: /Try again in (\d+ minutes?|\d+ seconds?)/ }).waitFor();
    // Without `force`, Playwright would wait until the button is enabled.
    await buyButton(page).click({ force: true });
    expect(sent).toBe(1);
    await page.clock.runFor(602_000);
    await page.getByRole("button", { name: "Buy now" }).waitFor();
    expect(sent, "no automatic retry").toBe(1);
    await buyButton(page).click();
    await orderIs(page, "confirmed");
  });

  test("retries an overloaded server after its Retry-After time, with the same key", async () => {
    const sale = await stage().onSale();
    const buyer = await stage().person();
    await buyer.signIn("busy");
    const page = await buyer.open("/");
    await countRequests(page);
    await page.clock.install();
    await page.goto(sale.path);
    await page.locator('[data-buy] button[aria-disabled="false"]').waitFor();
    const sent = watchOrders(page);
    await inTurn(page, ORDERS, (route) => refuse(route, 503, "overloaded", { retryAfter: 600 }));
    await buyButton(page).click();
    await says(page, "very busy");
    await page.clock.runFor(590_000);
    expect(sent).toHaveLength(1);
    for (let step = 0; step < 20; step += 1) await runFor(page, 1_000);
    await orderIs(page, "confirmed");
    expect(sent).toHaveLength(2);
    expect(sent[1]?.["idempotency-key"]).toBe(sent[0]?.["idempotency-key"]);
  });

  test("tells a blocked buyer and disables the button", async () => {
    const { page } = await ready("blocked");
    await page.route(ORDERS, (route) => refuse(route, 403, "blocked"));
    await buyButton(page).click();
    await expect.poll(() => message(page).textContent()).toContain("can't accept");
    await expect.poll(() => buyButton(page).getAttribute("aria-disabled")).toBe("true");
  });

  test("warns about missing live stock and still sells", async () => {
    const sale = await stage().onSale();
    const buyer = await stage().person();
    await buyer.signIn("degraded");
    const page = await buyer.open("/");
    await page.route(LIVE, (route) => refuse(route, 503, "unavailable", { retryAfter: 0 }));
    await page.goto(sale.path);
    await page.getByText("Stock counts may be out of date").waitFor();
    await buyButton(page).click();
    await orderIs(page, "confirmed");
  });

  test.each([-7_200_000, 7_200_000])(
    "enables Buy only once the server accepts orders, with the local clock off by %d ms",
    async (skew) => {
      const { path } = await stage().onSale({}, { opensIn: 8_000 });
      const buyer = await stage().person();
      await buyer.signIn(`skewed ${skew}`);
      const page = await buyer.open("/");
      await page.addInitScript(`{ const real = Date.now; Date.now = () => real() + ${skew}; }`);
      await page.goto(path);
      await page.locator('[data-buy] button[aria-disabled="false"]').waitFor();
      const placed = page.waitForResponse(ORDERS);
      await buyButton(page).click();
      expect((await placed).status()).toBe(202);
    },
  );

  test("shows a buyer at the limit their existing order on a second device", async () => {
    const { page, path } = await ready("again");
    await buyButton(page).click();
    await orderIs(page, "confirmed");
    const otherDevice = await stage().person();
    await otherDevice.signIn("again");
    const fresh = await otherDevice.open(path);
    await buyButton(fresh).click();
    await orderIs(fresh, "confirmed");
    expect(await order(fresh).count()).toBe(1);
  });
});
