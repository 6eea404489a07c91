// A product in the browser: choosing an option and buying it, by keyboard, without JavaScript, and after a lost answer.
import type { Locator, Page, Route } from "playwright-core";
import { expect, test } from "vitest";
import { changeLive, inTurn, loseAnswer, ORDERS, refuse } from "./api-mocks.ts";
import { check } from "./axe.ts";
import { inBrowser, orderIs, PAID, says } from "./harness.ts";
import { onSaleInSizes, PICTURES, showPictures } from "./products-scene.ts";

const SIZES = Array.from({ length: 12 }, (_, at) => String(36 + at));

const radio = (page: Page, option: string) => page.locator(`[data-option]`, { hasText: option });
/** Waits until an option says this. */
const optionSays = (page: Page, option: string, text: string) =>
  radio(page, option).getByText(text, { exact: true }).waitFor();
/** The offer that is shown for a SKU. */
const offer = (page: Page, skuId: string | undefined) =>
  page.locator(`[data-sku="${skuId}"]:not([hidden])`);
const buy = (page: Page, skuId: string | undefined) =>
  offer(page, skuId).locator('[data-buy] button[aria-disabled="false"]');

inBrowser("products", (stage) => {
  /** A signed-in buyer on the page of a product. */
  async function buyerOf(user: string, ...[product]: [Parameters<typeof onSaleInSizes>[1]?]) {
    const sale = await onSaleInSizes(stage(), product);
    const visitor = await stage().person();
    await visitor.signIn(user);
    const page = await visitor.open(sale.path);
    return { ...sale, visitor, page };
  }

  test("twelve sizes fit and pass axe", async () => {
    const sale = await onSaleInSizes(stage(), {
      options: SIZES,
      product: { imageUrl: `${PICTURES}/side`, moreImages: [{ url: `${PICTURES}/top` }] },
      sku: (_, at) => ({
        ...{ stock: at === 3 ? 0 : 4 + at, perUserLimit: 4 },
        compareAtPrice: { amount: 15_000, currency: "USD" },
      }),
    });
    const visitor = await stage().person();
    await showPictures(visitor);
    const page = await visitor.open(sale.path);
    await optionSays(page, "39", "Sold out");
    await check(page, "twelve sizes");
    const soldOut = page.getByRole("radio", { name: "39 Sold out" });
    await expect.poll(() => soldOut.isDisabled()).toBe(true); // by a script that comes when the page is idle
    await page.getByRole("radio", { name: "41 9 left" }).check();
    await offer(page, sale.skuIds[5]).getByLabel("Quantity").selectOption("3");
    await page.getByText("US$360.00").waitFor();
    await check(page, "a chosen size");
    for (const width of [320, 390, 1280]) {
      await page.setViewportSize({ width, height: 800 });
      const tall = await page.locator(".product").evaluate((card) => card.clientHeight);
      expect(tall, `${width} px`).toBeLessThan(900);
    }
  });

  test.each([
    ["Japanese", "限定スニーカー「夜明け」", ["２３．５センチ", "２４センチ", "フリーサイズ"]],
    ["Arabic", "حذاء رياضي إصدار محدود", ["مقاس ٤١", "مقاس ٤٢", "مقاس كبير جدًا"]],
  ])("a product in %s fits on a small phone and can be bought", async (user, name, options) => {
    const { page, skuIds } = await buyerOf(user, {
      options,
      product: { name, description: name.repeat(9) },
      sku: (option) => ({ name: `${name} ${option}` }),
    });
    await page.setViewportSize({ width: 320, height: 640 });
    await page.emulateMedia({ reducedMotion: "reduce" });
    await optionSays(page, options[2] ?? "", "20 left");
    await check(page, name);
    await radio(page, options[2] ?? "").click();
    await buy(page, skuIds[2]).click();
    await orderIs(page, "reserved");
    await optionSays(page, options[2] ?? "", "Yours");
    await check(page, "its order");
  });

  test("is bought by keyboard alone", async () => {
    const { page, skuIds } = await buyerOf("keyboard", {
      sku: (_, at) => ({ stock: at === 1 ? 0 : 5, perUserLimit: 3, unitPrice: FREE }),
    });
    await optionSays(page, "42", "Sold out");
    // Without a choice the browser says what is missing, and nothing is ordered.
    await page.locator("[data-unpicked] button").press("Enter");
    expect(await focusedValue(page)).toBe(skuIds[0]);
    await page.keyboard.press("Space");
    await buy(page, skuIds[0]).waitFor();
    // An option that is sold out is skipped.
    await page.keyboard.press("ArrowRight");
    await buy(page, skuIds[2]).waitFor();
    expect(await focusedValue(page)).toBe(skuIds[2]);
    // Enter leads to the button, and buys nothing by itself.
    await page.keyboard.press("Enter");
    const focused = page.locator("button:focus");
    expect(await focused.getAttribute("id")).toBe(`buy-${skuIds[2]}`);
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await orderIs(page, "confirmed");
    expect(await stage().ledger(skuIds[2] ?? "")).toMatchObject({ sold: 2 });
    expect(await stage().ledger(skuIds[0] ?? "")).toMatchObject({ sold: 0 });
  });

  test("is bought without JavaScript, down to the chosen size", async () => {
    const { path, skuIds } = await onSaleInSizes(stage(), {
      sku: () => ({ perUserLimit: 3, unitPrice: FREE }),
    });
    const visitor = await stage().person({ javaScriptEnabled: false });
    await visitor.signIn("plain");
    const page = await visitor.open(path);
    await radio(page, "43").click();
    await page.getByLabel("Quantity").first().selectOption("2");
    await page.locator("[data-unpicked] button").click();
    await page.getByText("Runner 43 × 2").waitFor();
    await page.getByRole("button", { name: "Confirm order" }).click();
    await page.getByRole("heading", { name: "Runner 43" }).waitFor();
    // Without its script, the page reloads itself until the order is settled.
    await page.getByRole("heading", { name: "Order confirmed" }).waitFor();
    expect(await stage().ledger(skuIds[2] ?? "")).toMatchObject({ sold: 2 });
  });

  test("shows live what is left of each option, and what an operator took off sale", async () => {
    const { page, skuIds } = await buyerOf("watches");
    await optionSays(page, "41", "20 left");
    await changeLive(page, (live) => ({
      ...live,
      stopped: {
        [skuIds[2] ?? ""]: {
          ...{ code: "sale_closed", cause: "closed" },
          ...{ label: "Not on sale", why: "Gone." },
        },
      },
      skus: skuIds.map((id, at) => ({
        ...{ id, available: at === 0 ? 3 : at === 1 ? 0 : 9, held: at === 1 ? 2 : 0 },
        state: ["low", "held", "available"][at],
      })),
    }));
    await page.reload();
    await optionSays(page, "41", "3 left");
    await optionSays(page, "42", "All reserved");
    await optionSays(page, "43", "Not on sale");
    // Units that are reserved may come back, so their option can be chosen.
    await radio(page, "42").click();
    await offer(page, skuIds[1]).getByRole("button", { name: "Try to get one" }).waitFor();
  });

  test("lets nobody choose more units than are left", async () => {
    const { page, skuIds } = await buyerOf("greedy", { sku: () => ({ perUserLimit: 5 }) });
    await radio(page, "42").click();
    const quantity = offer(page, skuIds[1]).getByLabel("Quantity");
    await quantity.selectOption("5");
    await changeLive(page, (live) => ({
      ...live,
      skus: skuIds.map((id) => ({ id, available: 2, held: 0, state: "low" })),
    }));
    await optionSays(page, "42", "2 left");
    expect(await quantity.inputValue()).toBe("2");
    expect(await quantity.locator("option:disabled").allTextContents()).toEqual(["3", "4", "5"]);
    await offer(page, skuIds[1]).getByText("US$240.00").waitFor();
  });

  test("shows a price that changes, and no earlier price that it may exceed", async () => {
    const compareAtPrice = { amount: 15_000, currency: "USD" };
    const { page, skuIds, change } = await buyerOf("bargains", { sku: () => ({ compareAtPrice }) });
    const head = page.locator(".product > .sku-head");
    expect(await head.textContent()).toContain("US$120.00 instead of US$150.00");
    await change((sale) => ({
      ...sale,
      skus: sale.skus.map(({ compareAtPrice: _, ...sku }, at) => ({
        ...{ ...sku, unitPrice: { amount: 16_000 + at * 1_000, currency: "USD" } },
      })),
    }));
    await head.getByText("US$160.00 – US$180.00").waitFor();
    expect(await page.locator(".product s").count()).toBe(0);
    await radio(page, "42").click();
    await offer(page, skuIds[1]).getByText("US$170.00", { exact: true }).waitFor();
  });

  test("after a lost answer, another size can be chosen, and the first order is found", async () => {
    const { page, skuIds } = await buyerOf("switches", { sku: () => ({ unitPrice: FREE }) });
    const limited = (route: Route) => refuse(route, 429, "rate_limited", { retryAfter: 1 });
    await inTurn(page, ORDERS, loseAnswer, limited);
    await radio(page, "41").click();
    await buy(page, skuIds[0]).click();
    await says(page, "We couldn't confirm your order");
    await radio(page, "43").click();
    // Both offers are shown: nobody forgets an order that may exist.
    await buy(page, skuIds[2]).waitFor();
    await offer(page, skuIds[0]).getByRole("button", { name: "Check my order" }).click();
    await offer(page, skuIds[0]).locator('.order[data-status="confirmed"]').waitFor();
    expect(await stage().ledger(skuIds[0] ?? "")).toMatchObject({ sold: 1 });
    expect(await stage().ledger(skuIds[2] ?? "")).toMatchObject({ sold: 0 });
  });

  test("its gallery scrolls by keyboard, and to the picture of the chosen option", async () => {
    const { path, skuIds } = await onSaleInSizes(stage(), {
      product: { imageUrl: `${PICTURES}/side`, moreImages: [{ url: `${PICTURES}/top` }] },
      sku: (option) => ({ imageUrl: `${PICTURES}/size-${option}` }),
    });
    const visitor = await stage().person({ reducedMotion: "reduce" });
    await showPictures(visitor);
    const page = await visitor.open(path);
    const gallery = page.getByRole("region", { name: "Pictures of Runner" });
    expect(await gallery.getByRole("img").count()).toBe(5);
    const at = () => gallery.evaluate((element) => Math.round(element.scrollLeft));
    await gallery.press("ArrowRight");
    await expect.poll(at).toBeGreaterThan(0);
    await radio(page, "43").click();
    const picture = gallery.locator(`[data-shows="${skuIds[2]}"]`);
    await expect.poll(() => isWithin(picture, gallery)).toBe(true);
    // After a reload, the choice and its picture are shown without a further press.
    await page.reload();
    await expect.poll(() => isWithin(picture, gallery)).toBe(true);
  });

  test("asks how to pay for the chosen option, if the payment must come with the order", async () => {
    const { page, skuIds } = await buyerOf("pays-first", {
      sku: () => ({ ...PAID, name: "Runner" }),
    });
    await inTurn(page, ORDERS, (route) => refuse(route, 409, "payment_method_required"));
    await radio(page, "42").click();
    await buy(page, skuIds[1]).click();
    await offer(page, skuIds[1]).getByLabel("Test card: approved").check();
    await buy(page, skuIds[1]).click();
    await offer(page, skuIds[1]).locator('.order[data-status="confirmed"]').waitFor();
    expect(await stage().ledger(skuIds[1] ?? "")).toMatchObject({ sold: 1 });
    await page.goto("/orders");
    // Its name does not say which option it is.
    await page.getByRole("link", { name: "Runner · 42" }).click();
    await page.getByRole("heading", { name: "Runner · 42" }).waitFor();
  });

  test("a choice counts and is kept even if it was made before the page was ready", async () => {
    const { page, path, skuIds } = await buyerOf("early", { sku: () => ({ perUserLimit: 3 }) });
    const slow = Promise.withResolvers<void>();
    await page.route(/\/product[^/]*\.js$/, (route) => slow.promise.then(() => route.fallback()));
    await page.goto(path);
    await page.getByRole("radio", { name: "42" }).check();
    expect(await buy(page, skuIds[1]).isVisible()).toBe(false);
    slow.resolve();
    await buy(page, skuIds[1]).waitFor();
    await page.goto(path);
    await buy(page, skuIds[1]).waitFor();
  });

  test("a reload shows the order of the chosen option again", async () => {
    const { page, skuIds } = await buyerOf("reloads", { sku: () => PAID });
    await radio(page, "42").click();
    await buy(page, skuIds[1]).click();
    await orderIs(page, "reserved");
    await page.reload();
    await offer(page, skuIds[1]).locator('.order[data-status="reserved"]').waitFor();
    await optionSays(page, "42", "Yours");
    await page.getByRole("link", { name: "View your order" }).click();
    await page.getByRole("heading", { name: "Runner 42" }).waitFor();
  });
});

const FREE = { amount: 0, currency: "USD" };

const focusedValue = (page: Page) => page.locator("input:focus").inputValue();

/** Whether the part of an element that shows is within another one. */
async function isWithin(element: Locator, around: Locator): Promise<boolean> {
  const [own, other] = [await element.boundingBox(), await around.boundingBox()];
  if (!own || !other) return false;
  return own.x >= other.x - 1 && own.x + own.width <= other.x + other.width + 1;
}
