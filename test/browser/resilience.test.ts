// Buying when things go wrong: two tabs, double clicks, lost answers, no network, limits, a wrong clock.
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { LIVE, loseAnswer, ORDERS, refuse } from "./api-mocks.ts";
import { buyButton, inBrowser, message, order, orderIs } from "./harness.ts";

inBrowser("buying against the odds", (stage) => {
  /** A signed-in buyer on the page of a free item, one each. */
  async function ready(user: string, sku = {}) {
    const sale = await stage().onSale(sku);
    const buyer = await stage().person();
    await buyer.signIn(user);
    const page = await buyer.open(sale.path);
    await page.locator('[data-buy] button[aria-disabled="false"]').waitFor();
    return { ...sale, buyer, page };
  }

  test("two tabs and many clicks make one order, and both tabs show it", async () => {
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

  test("offline and back: the press is kept and goes through by itself", async () => {
    const { page, buyer, skuId } = await ready("offline");
    await buyer.offline(true);
    await buyButton(page).click();
    await expect.poll(() => message(page).textContent()).toContain("No connection");
    await buyer.offline(false);
    await orderIs(page, "confirmed");
    expect((await stage().ledger(skuId)).sold).toBe(1);
  });

  test("an answer lost on its way back is found again, not ordered again", async () => {
    const { page, skuId } = await ready("lost", { perUserLimit: 5 });
    await page.route(ORDERS, loseAnswer, { times: 2 });
    await buyButton(page).click();
    await orderIs(page, "confirmed");
    expect(await stage().ledger(skuId)).toMatchObject({ sold: 1, held: 0 });
  });

  test("reloaded before the answer came: the page finds the order", async () => {
    const { page, skuId } = await ready("reload", { perUserLimit: 5 });
    const asked = new Promise<void>((resolve) => {
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
    await asked;
    await page.reload();
    await orderIs(page, "confirmed");
    expect((await stage().ledger(skuId)).sold).toBe(1);
    await page.reload();
    await orderIs(page, "confirmed");
  });

  test("a limit is counted down, and nothing is sent meanwhile", async () => {
    const { page } = await ready("limited");
    let sent = 0;
    await page.route(ORDERS, (route) => {
      sent += 1;
      return sent === 1 ? refuse(route, 429, "rate_limited", { retryAfter: 2 }) : route.continue();
    });
    await buyButton(page).click();
    await page.getByRole("button", { name: /Try again in \d seconds?/ }).waitFor();
    // An impatient visitor presses all the same; Playwright by itself would wait.
    await buyButton(page).click({ force: true });
    expect(sent).toBe(1);
    await page.getByRole("button", { name: "Buy now" }).waitFor();
    expect(sent, "no retry by itself").toBe(1);
    await buyButton(page).click();
    await orderIs(page, "confirmed");
  });

  test("an overloaded server is asked again after the time it named, with the same key", async () => {
    const { page } = await ready("busy");
    const tries: { key: string | undefined; at: number }[] = [];
    await page.route(ORDERS, (route) => {
      tries.push({ key: route.request().headers()["idempotency-key"], at: Date.now() });
      return tries.length === 1
        ? refuse(route, 503, "overloaded", { retryAfter: 1 })
        : route.continue();
    });
    await buyButton(page).click();
    await orderIs(page, "confirmed");
    const [one, two] = tries;
    expect(two?.key).toBe(one?.key);
    expect((two?.at ?? 0) - (one?.at ?? 0)).toBeGreaterThanOrEqual(1_000);
  });

  test("a blocked buyer is told so, and the button gives up", async () => {
    const { page } = await ready("blocked");
    await page.route(ORDERS, (route) => refuse(route, 403, "blocked"));
    await buyButton(page).click();
    await expect.poll(() => message(page).textContent()).toContain("can't accept");
    await expect.poll(() => buyButton(page).getAttribute("aria-disabled")).toBe("true");
  });

  test("live stock gone: the page says so, and still sells", async () => {
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
    "a visitor's clock wrong by %d ms opens nothing early or late",
    async (skew) => {
      const { path } = await stage().onSale({}, { opensIn: 8_000 });
      const opensAt = Date.now() + 8_000;
      const visitor = await stage().person();
      const page = await visitor.open("/");
      await page.addInitScript(`{ const real = Date.now; Date.now = () => real() + ${skew}; }`);
      await page.goto(path);
      await page.locator('[data-buy] button[aria-disabled="false"]').waitFor();
      const late = Date.now() - opensAt;
      expect(late).toBeGreaterThan(-1_000);
    },
  );

  test("who already has their allowance is shown the order they have", async () => {
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
