// A sale that asks for a challenge: the widget in the card, loaded only then; passed, failed, blocked, given
// up, by keyboard, without JavaScript.
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { fakeWidget } from "./fake-widget.ts";
import { buyButton, inBrowser, message, orderIs, watchOrders } from "./harness.ts";

const ORDERS = "**/api/skus/*/orders";
const ALWAYS = { challenge: { mode: "always" } } as const;
const widgetButton = (page: Page) =>
  page.frameLocator(".challenge iframe").getByRole("button", { name: "I am a person" });
/**
 * Does the check. The frame must be where a press reaches it; the press itself is given inside, for the
 * frame is another process, and a browser under load may still route a press to where it was before.
 */
async function solve(page: Page): Promise<void> {
  await page.locator(".challenge iframe").click({ trial: true });
  await widgetButton(page).dispatchEvent("click");
}
const fault = (page: Page) => page.locator("[data-challenge-fault]");

inBrowser("a challenge", (stage) => {
  /** A signed-in buyer before the Buy button of a sale that always asks. */
  async function ready(user: string, ...outcomes: string[]) {
    const sale = await stage().onSale({}, ALWAYS);
    const buyer = await stage().person();
    await buyer.signIn(user);
    const fake = await fakeWidget(buyer, ...outcomes);
    const page = await buyer.open(sale.path);
    await page.locator('[data-buy] button[aria-disabled="false"]').waitFor();
    return { ...sale, buyer, fake, page, sent: watchOrders(page) };
  }

  test("is loaded when it is asked for, and then the same attempt goes on", async () => {
    const { page, fake, sent, skuId } = await ready("passes", "pass");
    expect(fake.scripts, "nothing is loaded before").toBe(0);
    await buyButton(page).click();
    await solve(page);
    await orderIs(page, "confirmed");
    expect(fake.rendered).toEqual([
      expect.objectContaining({ action: "buy", theme: "auto", size: "flexible" }),
    ]);
    const [asked, solved] = sent;
    expect(solved?.["idempotency-key"]).toBe(asked?.["idempotency-key"]);
    expect(asked?.["challenge-token"]).toBeUndefined();
    expect(solved?.["challenge-token"]).toContain(`pass.buy.${fake.rendered[0]?.cData}.`);
    expect(await stage().ledger(skuId)).toMatchObject({ sold: 1, held: 0 });
  });

  test("failed: says so and offers it again", async () => {
    const { page, fake, sent } = await ready("fails", "fail", "pass");
    await buyButton(page).click();
    await solve(page);
    await expect.poll(() => fault(page).textContent()).toContain("didn't pass");
    await solve(page);
    await orderIs(page, "confirmed");
    expect(fake.scripts).toBe(1);
    expect(new Set(sent.map((headers) => headers["idempotency-key"])).size).toBe(1);
  });

  test("a widget that breaks is said, and can be tried again", async () => {
    const { page } = await ready("breaks", "error", "pass");
    await buyButton(page).click();
    await solve(page);
    await expect.poll(() => fault(page).textContent()).toContain("300030");
    await page.getByRole("button", { name: "Try the check again" }).click();
    await solve(page);
    await orderIs(page, "confirmed");
  });

  test("given up: nothing is ordered, and the next press asks again", async () => {
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

  test("by keyboard, with reduced motion, in the dark, on a narrow phone", async () => {
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
    // The widget is the next stop. What keys do inside it is the widget's own affair, and another process.
    const stop = () => page.evaluate<string>("document.activeElement?.tagName ?? ''");
    await expect.poll(stop).toBe("IFRAME");
    await solve(page);
    await orderIs(page, "confirmed");
    expect(await focused(page)).toMatch(/You got it|confirmed/);
    expect(fake.rendered[0]?.size).toBe("compact");
  });

  test("blocked on the way: the server decides once, then the page says what to do", async () => {
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

  test("the provider down everywhere: a sale that fails open sells", async () => {
    const { page, fake, skuId } = await ready("down", "pass");
    fake.reachable = false;
    // What does not load for the buyer does not answer the server either.
    await page.route(ORDERS, (route) => {
      const headers = route.request().headers();
      if (headers["challenge-token"]) headers["challenge-token"] = "down";
      return route.continue({ headers });
    });
    await buyButton(page).click();
    await orderIs(page, "confirmed");
    expect((await stage().ledger(skuId)).sold).toBe(1);
  });

  test("an order made in another tab ends the challenge in this one", async () => {
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

  test("without JavaScript the answer says what is missing", async () => {
    const { path } = await stage().onSale({}, ALWAYS);
    const buyer = await stage().person({ javaScriptEnabled: false });
    await buyer.signIn("plain");
    const page = await buyer.open(path);
    await buyButton(page).click();
    await page.getByRole("button", { name: "Confirm order" }).click();
    expect(await page.getByRole("alert").textContent()).toContain("needs JavaScript");
  });

  test("asked for by a sale whose page is older: it says to reload and press again", async () => {
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
