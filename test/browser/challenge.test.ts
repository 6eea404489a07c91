// Challenges in the browser: the widget loads only when required; it can pass, fail, be blocked, be canceled,
// and be reached by keyboard.
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { fakeWidget, solve, widgetButton } from "./fake-widget.ts";
import { buyButton, inBrowser, message, orderIs, watchOrders } from "./harness.ts";

const ORDERS = "**/api/skus/*/orders";
const ALWAYS = { challenge: { mode: "always" } } as const;
const fault = (page: Page) => page.locator("[data-challenge-fault]");

inBrowser("challenges", (stage) => {
  /** A signed-in buyer on the page of a sale that always requires a challenge. */
  async function ready(user: string, ...outcomes: string[]) {
    const sale = await stage().onSale({}, ALWAYS);
    const buyer = await stage().person();
    await buyer.signIn(user);
    const fake = await fakeWidget(buyer, ...outcomes);
    const page = await buyer.open(sale.path);
    await page.locator('[data-buy] button[aria-disabled="false"]').waitFor();
    return { ...sale, buyer, fake, page, sent: watchOrders(page) };
  }

  test("loads the widget on demand and continues the same order once it is solved", async () => {
    const { page, fake, sent, skuId } = await ready("passes", "pass");
    expect(fake.scripts, "not loaded before the challenge").toBe(0);
    await buyButton(page).click();
    await solve(page);
    await orderIs(page, "confirmed");
    expect(fake.rendered).toEqual([
      expect.objectContaining({ action: "buy", theme: "auto", size: "flexible" }),
    ]);
    const [first, solved] = sent;
    expect(solved?.["idempotency-key"]).toBe(first?.["idempotency-key"]);
    expect(first?.["challenge-token"]).toBeUndefined();
    expect(solved?.["challenge-token"]).toContain(`pass.buy.${fake.rendered[0]?.cData}.`);
    expect(await stage().ledger(skuId)).toMatchObject({ sold: 1, held: 0 });
  });

  test("reports a failed challenge and offers another", async () => {
    const { page, fake, sent } = await ready("fails", "fail", "pass");
    await buyButton(page).click();
    await solve(page);
    await expect.poll(() => fault(page).textContent()).toContain("didn't pass");
    await solve(page);
    await orderIs(page, "confirmed");
    expect(fake.scripts).toBe(1);
    expect(new Set(sent.map((headers) => headers["idempotency-key"])).size).toBe(1);
  });

  test("reports a widget error and offers a retry", async () => {
    const { page } = await ready("breaks", "error", "pass");
    await buyButton(page).click();
    await solve(page);
    await expect.poll(() => fault(page).textContent()).toContain("300030");
    await page.getByRole("button", { name: "Try the check again" }).click();
    await solve(page);
    await orderIs(page, "confirmed");
  });

  test("orders nothing when the challenge is canceled, and asks again on the next press", async () => {
    const { page, skuId } = await ready("gives-up", "pass");
    await buyButton(page).click();
    await page.getByRole("button", { name: "Cancel" }).click();
    await expect.poll(() => message(page).textContent()).toContain("Nothing was ordered");
    await expect.poll(() => focused(page)).toBe("Buy now");
    expect(await stage().ledger(skuId)).toMatchObject({ sold: 0, held: 0 });
    await buyButton(page).click();
    await solve(page);
    await orderIs(page, "confirmed");
  });

  test("works by keyboard, in dark mode with reduced motion on a narrow phone", async () => {
    const { path } = await stage().onSale({}, ALWAYS);
    const buyer = await stage().person({
      viewport: { width: 320, height: 640 },
      colorScheme: "dark",
      reducedMotion: "reduce",
    });
    await buyer.signIn("keys");
    const fake = await fakeWidget(buyer, "pass");
    const page = await buyer.open(path);
    await page.locator('[data-buy] button[aria-disabled="false"]').waitFor();
    await buyButton(page).focus();
    await page.keyboard.press("Enter");
    await expect.poll(() => focused(page)).toBe("One quick check, then your order");
    await widgetButton(page).waitFor();
    await page.keyboard.press("Tab");
    // The widget is the next tab stop. Key handling inside it is Turnstile's, in another process.
    const tabStop = () => page.evaluate<string>("document.activeElement?.tagName ?? ''");
    await expect.poll(tabStop).toBe("IFRAME");
    await solve(page);
    await orderIs(page, "confirmed");
    expect(await focused(page)).toMatch(/You got it|confirmed/);
    expect(fake.rendered[0]?.size).toBe("compact");
  });

  test("gets a smaller widget when the page becomes narrow, and a larger one when it widens again", async () => {
    const { page, fake } = await ready("turns", "pass");
    await buyButton(page).click();
    await page.locator(".challenge iframe").waitFor();
    const sizes = () => fake.rendered.map(({ size }) => size);
    await page.setViewportSize({ width: 320, height: 640 });
    await expect.poll(sizes).toEqual(["flexible", "compact"]);
    await page.setViewportSize({ width: 640, height: 320 });
    await expect.poll(sizes).toEqual(["flexible", "compact", "flexible"]);
    await solve(page);
    await orderIs(page, "confirmed");
  });

  test("tells the buyer what to do when their network blocks the challenge provider", async () => {
    const { page, fake, sent } = await ready("blocked", "pass");
    fake.reachable = false;
    await buyButton(page).click();
    await expect.poll(() => fault(page).textContent()).toContain("challenges.cloudflare.com");
    expect(sent.map((headers) => headers["challenge-token"])).toEqual([undefined, "not-loaded"]);
    fake.reachable = true;
    await page.getByRole("button", { name: "Try the check again" }).click();
    await solve(page);
    await orderIs(page, "confirmed");
  });

  test("sells without a challenge when the provider is down and the sale fails open", async () => {
    const { page, fake, skuId } = await ready("down", "pass");
    fake.reachable = false;
    // The outage is global: the provider does not answer the server either.
    await page.route(ORDERS, (route) => {
      const headers = route.request().headers();
      if (headers["challenge-token"]) headers["challenge-token"] = "down";
      return route.continue({ headers });
    });
    await buyButton(page).click();
    await orderIs(page, "confirmed");
    expect((await stage().ledger(skuId)).sold).toBe(1);
  });

  test("closes the challenge when another tab places the order", async () => {
    const { page, buyer, path, skuId } = await ready("tabs", "pass");
    const other = await buyer.open(path);
    await buyButton(page).click();
    await page.locator(".challenge").waitFor();
    await other.locator('[data-buy] button[aria-disabled="false"]').waitFor();
    await buyButton(other).click();
    await solve(other);
    await orderIs(other, "confirmed");
    await orderIs(page, "confirmed");
    expect(await page.locator(".challenge").count()).toBe(0);
    expect(await stage().ledger(skuId)).toMatchObject({ sold: 1, held: 0 });
  });

  test("explains that the challenge needs JavaScript when it is off", async () => {
    const { path } = await stage().onSale({}, ALWAYS);
    const buyer = await stage().person({ javaScriptEnabled: false });
    await buyer.signIn("plain");
    const page = await buyer.open(path);
    await buyButton(page).click();
    await page.getByRole("button", { name: "Confirm order" }).click();
    expect(await page.getByRole("alert").textContent()).toContain("needs JavaScript");
  });

  test("asks for a reload when the page predates the sale's challenge", async () => {
    const { path } = await stage().onSale();
    const buyer = await stage().person();
    await buyer.signIn("older");
    const page = await buyer.open(path);
    await page.locator('[data-buy] button[aria-disabled="false"]').waitFor();
    const body = {
      code: "challenge_required",
      challenge: { siteKey: "k", action: "a", cdata: "c" },
    };
    const refusal = { status: 403, contentType: "application/problem+json" };
    await page.route(ORDERS, (route) => route.fulfill({ ...refusal, body: JSON.stringify(body) }), {
      times: 1,
    });
    await buyButton(page).click();
    await expect.poll(() => message(page).textContent()).toContain("Reload this page");
    await page.reload();
    await page.locator('[data-buy] button[aria-disabled="false"]').waitFor();
    await buyButton(page).click();
    await orderIs(page, "confirmed");
  });
});

const focused = async (page: Page) => {
  const text = await page.evaluate<string>("document.activeElement?.textContent ?? ''");
  return text.replace(/\s+/g, " ").trim();
};
