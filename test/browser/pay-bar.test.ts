// The Pay bar of a reserved order: the button and the countdown stay in view on every screen size and at every
// scroll position.
import type { Locator, Page } from "playwright-core";
import { expect, test } from "vitest";
import { changeLive, PAYMENT } from "./api-mocks.ts";
import { buyButton, inBrowser, orderIs, PAID } from "./harness.ts";

const pay = (page: Page) => page.getByRole("button", { name: /^Pay/ });
const digits = (page: Page) => page.locator("[data-docked] [data-hold-digits]");

/** The parts of the DOM types that these tests use: the tests compile without the DOM library. */
interface Screen {
  innerWidth: number;
  innerHeight: number;
  document: { elementFromPoint(x: number, y: number): Box | null };
}
interface Box {
  getBoundingClientRect(): { top: number; bottom: number; left: number; right: number };
  contains(other: Box | null): boolean;
}

/** Whether the element is entirely on the screen and would receive a tap at its center. */
const isInView = (locator: Locator): Promise<boolean> =>
  locator.evaluate((element: Box) => {
    const { document, innerWidth, innerHeight } = globalThis as unknown as Screen;
    const { top, bottom, left, right } = element.getBoundingClientRect();
    const inside = top >= 0 && left >= 0 && bottom <= innerHeight && right <= innerWidth;
    const target = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
    return inside && element.contains(target);
  });

const SCREENS = [
  [320, 568],
  [390, 844],
  [844, 390],
  [1280, 800],
] as const;

inBrowser("the Pay bar", (stage) => {
  async function holding(user: string, options: Parameters<ReturnType<typeof stage>["person"]>[0]) {
    const sale = await stage().onSale(PAID, { more: { description: "Long.\n\n".repeat(60) } });
    const buyer = await stage().person({ reducedMotion: "reduce", ...options });
    await buyer.signIn(user);
    const page = await buyer.open(sale.path);
    return { ...sale, buyer, page };
  }

  test("shows the whole of a long price on a narrow screen", async () => {
    const sale = await stage().onSale({ unitPrice: { amount: 99_999_990, currency: "KWD" } });
    const buyer = await stage().person({ viewport: { width: 320, height: 568 } });
    await buyer.signIn("rich");
    const page = await buyer.open(sale.path);
    await buyButton(page).click();
    await orderIs(page, "reserved");
    await digits(page).waitFor();
    const hidden = (button: { scrollWidth: number; clientWidth: number }) =>
      button.scrollWidth - button.clientWidth;
    expect(await pay(page).evaluate(hidden)).toBe(0);
  });

  test.each(SCREENS)(
    "stays in view after Buy and at every scroll position, at %d by %d",
    async (width, height) => {
      const viewport = { width, height };
      const { page } = await holding(`at ${width}`, { viewport });
      await changeLive(page, (live) => ({ ...live, revision: Number.MAX_SAFE_INTEGER }));
      await buyButton(page).click();
      await orderIs(page, "reserved");
      await digits(page).waitFor();
      await page.getByText("This sale has changed.").waitFor();
      for (const to of ["0", "document.body.scrollHeight / 2", "document.body.scrollHeight"]) {
        await page.evaluate(`scrollTo(0, ${to})`);
        expect([to, await isInView(pay(page)), await isInView(digits(page))]).toEqual([
          to,
          true,
          true,
        ]);
      }
      const [end, bar] = [page.locator(".foot > :last-child"), page.locator("[data-docked] .hold")];
      const [above, below] = [await end.boundingBox(), await bar.boundingBox()];
      expect((above?.y ?? 0) + (above?.height ?? 0), "the page ends above the bar").toBeLessThan(
        below?.y ?? 0,
      );
      await page.getByRole("link", { name: "View your order" }).click();
      await page.locator("[data-docked]").waitFor();
      expect([await isInView(pay(page)), await isInView(digits(page))]).toEqual([true, true]);
    },
  );

  test("is reachable by keyboard and never covers the focused element", async () => {
    const { page } = await holding("keys", { viewport: { width: 320, height: 568 } });
    await buyButton(page).click();
    await orderIs(page, "reserved");
    await page.locator("[data-docked]").waitFor();
    const stops: string[] = [];
    for (let i = 0; i < 6; i += 1) {
      await page.keyboard.press("Tab");
      const focused = page.locator(":focus");
      stops.push((await focused.innerText()) || ((await focused.getAttribute("value")) ?? ""));
      expect(await isInView(focused), `${stops.at(-1)} is in view`).toBe(true);
      if (stops.at(-1)?.includes("Cancel reservation")) break;
    }
    expect(stops.join()).toMatch(/tok_ok,Pay\s.*,Cancel reservation/);
  });

  test("stays at the bottom of the order page without JavaScript", async () => {
    const viewport = { width: 320, height: 568 };
    const { page, skuId, saleId } = await holding("plain", { viewport, javaScriptEnabled: false });
    await page.goto(`/sales/${saleId}/skus/${skuId}/buy`);
    await page.getByRole("button", { name: "Buy now" }).click();
    await page.getByRole("heading", { name: "Reserved for you" }).waitFor();
    const overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
    expect(await page.evaluate(overflow)).toBe(0);
    expect((await pay(page).boundingBox())?.width).toBeGreaterThan(100);
    expect([await isInView(pay(page)), await isInView(page.locator("[data-hold-until]"))]).toEqual([
      true,
      true,
    ]);
  });

  test("belongs to the reservation that expires first, then to the next", async () => {
    const { path, skuId } = await stage().onSale(PAID, { items: 2 });
    const buyer = await stage().person();
    await buyer.signIn("twice");
    const page = await buyer.open(path);
    const card = (id: string) => page.locator(`[data-sku="${id}"]`);
    const [first, second] = [card(skuId), card(`${skuId}-1`)];
    await buyButton(first).click();
    await first.locator("[data-docked]").waitFor();
    await buyButton(second).click();
    await second.locator('.order[data-status="reserved"]').waitFor();
    expect(await page.locator("[data-docked]").count()).toBe(1);
    await first.locator("[data-docked]").getByRole("button", { name: /^Pay/ }).click();
    await second.locator("[data-docked]").waitFor();
  });

  test("scrolls a payment error into view", async () => {
    const { page } = await holding("declined", { viewport: { width: 320, height: 568 } });
    await buyButton(page).click();
    await orderIs(page, "reserved");
    await page.evaluate("scrollTo(0, 0)");
    await page.route(PAYMENT, (route) => route.abort());
    await pay(page).click();
    const fault = page.locator("[data-order-fault]", { hasText: "you weren't charged" });
    await fault.waitFor();
    await expect.poll(() => isInView(fault)).toBe(true);
  });
});
