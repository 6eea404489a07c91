// The visit token: fetched once per page when the sale may require a challenge, at a random delay that spreads
// the load, and never a precondition for an order.
import { expect, test } from "vitest";
import { fakeWidget } from "./fake-widget.ts";
import { buyButton, inBrowser, orderIs, watchOrders } from "./harness.ts";
import type { SaleOptions } from "./put-sale.ts";

const VISITS = "**/api/sales/*/visits";
const BY_SCORE = { challenge: { mode: "by-score" } } as const;
const HOUR_MS = 3_600_000;

inBrowser("the visit token", (stage) => {
  /** A signed-in buyer about to open the page of this sale. */
  async function visitor(user: string, options: SaleOptions) {
    const { path } = await stage().onSale({}, options);
    const buyer = await stage().person();
    await buyer.signIn(user);
    const page = await buyer.open("/");
    let visits = 0;
    page.on("request", (request) => {
      if (request.url().endsWith("/visits")) visits += 1;
    });
    return { buyer, path, page, visits: () => visits, sent: watchOrders(page) };
  }

  test("is fetched once and sent with the order", async () => {
    const { path, page, visits, sent } = await visitor("visits", BY_SCORE);
    const fetched = page.waitForResponse((response) => response.url().endsWith("/visits"));
    await page.goto(path);
    expect((await fetched).status()).toBe(201);
    await buyButton(page).click();
    await orderIs(page, "confirmed");
    expect(sent[0]?.["visit-token"]).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(visits()).toBe(1);
  });

  test("is fetched early by a buyer who orders before the random delay ends", async () => {
    const { path, page, visits, sent } = await visitor("early", BY_SCORE);
    await page.addInitScript("Math.random = () => 0.999;");
    await page.goto(path);
    await buyButton(page).click();
    await orderIs(page, "confirmed");
    expect(sent[0]?.["visit-token"]).toBeTruthy();
    expect(visits()).toBeGreaterThan(0);
  });

  test("is optional: an order without it is sent and may be challenged", async () => {
    const { buyer, path, page, sent } = await visitor("no-visit", BY_SCORE);
    await fakeWidget(buyer, "pass");
    await page.route(VISITS, (route) => route.fulfill({ status: 503, body: "{}" }));
    await page.goto(path);
    await buyButton(page).click();
    await page.locator("[data-challenge-title]").waitFor();
    expect(sent[0]?.["visit-token"]).toBeUndefined();
  });

  test.each<[string, SaleOptions]>([
    ["never requires challenges", {}],
    ["has ended", { ...BY_SCORE, opensIn: -2 * HOUR_MS, closesIn: -HOUR_MS }],
  ])("is not fetched for a sale that %s", async (_, options) => {
    const { path, page, visits } = await visitor("nobody", options);
    await page.clock.install();
    await page.goto(path);
    await page.locator("[data-buy] button[aria-disabled]").waitFor();
    await page.clock.runFor(60_000);
    expect(visits()).toBe(0);
  });

  test.each([
    [0.5, 10_000],
    [0.95, 19_000],
  ])(
    "is spread over the crowd before the opening: a random draw of %d is fetched after %d ms",
    async (drawn, delay) => {
      const later = { opensIn: HOUR_MS, closesIn: 2 * HOUR_MS };
      const { path, page, visits } = await visitor("crowd", { ...BY_SCORE, ...later });
      // Paused before the page loads, so that the delay starts at a known time.
      const now = Date.now();
      await page.clock.install({ time: now });
      await page.clock.pauseAt(now + 60_000);
      await page.addInitScript(`Math.random = () => ${drawn};`);
      await page.goto(path);
      await page.locator("[data-countdown-label]", { hasText: "Opens in" }).waitFor();
      await page.clock.runFor(delay - 1);
      expect(visits()).toBe(0);
      const requested = page.waitForRequest(VISITS);
      await page.clock.runFor(1);
      await requested;
    },
  );
});
