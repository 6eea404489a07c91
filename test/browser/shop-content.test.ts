// The layout of shop-written content on a narrow phone: long words, right-to-left text, tables and pictures.
import type { Locator } from "playwright-core";
import { expect, test } from "vitest";
import { buyButton, inBrowser, orderIs } from "./harness.ts";

const NARROW = { viewport: { width: 320, height: 640 } };
const PRICE = { unitPrice: { amount: 129_900, currency: "USD" } };
const NAME = "Extraordinarily weatherproof";

/** The parts of the DOM types that these tests use: the tests compile without the DOM library. */
interface Scope {
  document: {
    createRange(): { setStart: Mark; setEnd: Mark; getClientRects(): { length: number } };
  };
}
type Mark = (node: unknown, at: number) => void;
interface Text {
  textContent: string;
  firstChild: unknown;
}

/** The words of an element that break across lines. */
const brokenWords = (text: Locator) =>
  text.evaluate((element: Text) => {
    const { document } = globalThis as unknown as Scope;
    return [...element.textContent.matchAll(/\S+/g)].flatMap(({ 0: word, index }) => {
      const range = document.createRange();
      range.setStart(element.firstChild, index);
      range.setEnd(element.firstChild, index + word.length);
      return range.getClientRects().length === 1 ? [] : [word];
    });
  });

const leftOf = async (locator: Locator) => Math.round((await locator.boundingBox())?.x ?? -1);

inBrowser("shop-written content", (stage) => {
  test("wraps a long item name without breaking words beside the price", async () => {
    const { path, skuId, saleId } = await stage().onSale({ ...PRICE, name: NAME });
    const buyer = await stage().person(NARROW);
    await buyer.signIn("long-names");
    const page = await buyer.open(path);
    expect(await brokenWords(page.locator(".sku h2"))).toEqual([]);
    await buyButton(page).click();
    await orderIs(page, "reserved");
    expect(await brokenWords(page.locator("[data-order-name]"))).toEqual([]);
    await page.goto(`/sales/${saleId}/skus/${skuId}/buy`);
    expect(await brokenWords(page.locator(".sku-head strong"))).toEqual([]);
    await page.goto("/orders");
    expect(await brokenWords(page.locator(".order-line h2 a"))).toEqual([]);
  });

  test.each([
    ["a word longer than the screen", "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen"],
    ["a Japanese name without spaces", "限定スニーカー".repeat(6)],
  ])("breaks %s instead of widening the page", async (_, name) => {
    const { path, saleId, skuId } = await stage().onSale({ ...PRICE, name });
    const buyer = await stage().person(NARROW);
    await buyer.signIn("long-words");
    const page = await buyer.open(`${path}?lang=ja`);
    const fits = async () =>
      expect(await page.evaluate("document.documentElement.scrollWidth"), page.url()).toBe(320);
    await fits();
    await buyButton(page).click();
    await orderIs(page, "reserved");
    await fits();
    for (const next of [`/sales/${saleId}/skus/${skuId}/buy`, "/orders", "/"]) {
      await page.goto(next);
      await fits();
    }
  });

  test("renders right-to-left titles with the right direction, aligned with the page", async () => {
    const more = { title: "מבצע אביב!", language: "he", description: "First.\n\nשלום עולם." };
    const { path, saleId } = await stage().onSale({ ...PRICE, name: "נעל" }, { more });
    const page = await (await stage().person(NARROW)).open(path);
    const direction = (locator: Locator) =>
      locator.evaluate(
        (element) =>
          (
            globalThis as unknown as { getComputedStyle(of: unknown): { direction: string } }
          ).getComputedStyle(element).direction,
      );
    expect(await direction(page.locator("h1"))).toBe("rtl");
    // Measures the text, not the box: a block is as wide as its column.
    const textLeft = (locator: Locator) =>
      locator.evaluate((element: Text) => {
        const range = (globalThis as unknown as Scope).document.createRange() as unknown as {
          selectNodeContents(of: unknown): void;
          getBoundingClientRect(): { left: number };
        };
        range.selectNodeContents(element);
        return Math.round(range.getBoundingClientRect().left);
      });
    expect(await textLeft(page.locator("h1"))).toBe(await leftOf(page.locator("[data-badge]")));
    expect(await textLeft(page.locator(".sku h2"))).toBe(
      await textLeft(page.locator(".sku .terms")),
    );
    const paragraphs = page.locator(".prose p");
    expect(await textLeft(paragraphs.nth(0))).toBe(await leftOf(paragraphs.nth(0)));
    expect(await textLeft(paragraphs.nth(1))).toBeGreaterThan(await leftOf(paragraphs.nth(1)));
    await page.goto("/");
    const card = page.locator(`[data-listed="${saleId}"]`);
    expect(await direction(card.locator("h2"))).toBe("rtl");
    expect(await textLeft(card.locator("h2"))).toBe(await leftOf(card.locator("[data-badge]")));
  });

  test("scrolls a wide table inside its container and fits pictures to the page", async () => {
    const row = `| ${"Measure | ".repeat(9)}`;
    const description = `${row}\n${row.replaceAll("Measure", "---")}\n${row}\n\n![A shoe](https://pictures.example/a.png)`;
    const { path } = await stage().onSale({}, { more: { description } });
    const visitor = await stage().person(NARROW);
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="900" height="300"/>';
    await visitor.reach("https://pictures.example", (route) =>
      route.fulfill({ contentType: "image/svg+xml", body: svg }),
    );
    const page = await visitor.open(path);
    await page.getByAltText("A shoe").scrollIntoViewIfNeeded();
    await expect
      .poll(async () => (await page.getByAltText("A shoe").boundingBox())?.height)
      .toBeGreaterThan(50);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(320);
    expect(await page.getByRole("cell").count()).toBe(9);
  });
});
