// Pay and the time left of a held order: in view on every screen, wherever the page is scrolled to.
import type { Locator, Page } from "playwright-core";
import { expect, test } from "vitest";
import { changeLive, PAYMENT } from "./api-mocks.ts";
import { buyButton, inBrowser, orderIs, PAID } from "./harness.ts";

const pay = (page: Page) => page.getByRole("button", { name: /^Pay/ });
const digits = (page: Page) => page.locator("[data-docked] [data-hold-digits]");

/** As much of a browser's global scope and elements as is looked at. */
interface Screen {
  innerWidth: number;
  innerHeight: number;
  document: { elementFromPoint(x: number, y: number): Shown | null };
}
interface Shown {
  getBoundingClientRect(): { top: number; bottom: number; left: number; right: number };
  contains(other: Shown | null): boolean;
}

/** Whether all of it is on the screen, and it is what a finger would touch there. */
const isSeen = (thing: Locator): Promise<boolean> =>
  thing.evaluate((element: Shown) => {
    const { document, innerWidth, innerHeight } = globalThis as unknown as Screen;
    const { top, bottom, left, right } = element.getBoundingClientRect();
    const inside = top >= 0 && left >= 0 && bottom <= innerHeight && right <= innerWidth;
    const touched = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
    return inside && element.contains(touched);
  });

const SCREENS = [
  [320, 568],
  [390, 844],
  [844, 390],
  [1280, 800],
] as const;

inBrowser("Pay and the time left", (stage) => {
  async function holding(user: string, options: Parameters<ReturnType<typeof stage>["person"]>[0]) {
    const sale = await stage().onSale(PAID, { more: { description: "Long.\n\n".repeat(60) } });
    const buyer = await stage().person({ reducedMotion: "reduce", ...options });
    await buyer.signIn(user);
    const page = await buyer.open(sale.path);
    return { ...sale, buyer, page };
  }

  test.each(SCREENS)(
    "are seen after Buy and wherever one scrolls, at %d by %d",
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
        expect([to, await isSeen(pay(page)), await isSeen(digits(page))]).toEqual([to, true, true]);
      }
      const [end, bar] = [page.locator(".foot > :last-child"), page.locator("[data-docked] .hold")];
      const [above, below] = [await end.boundingBox(), await bar.boundingBox()];
      expect((above?.y ?? 0) + (above?.height ?? 0), "the page ends above").toBeLessThan(
        below?.y ?? 0,
      );
      await page.getByRole("link", { name: "View your order" }).click();
      await page.locator("[data-docked]").waitFor();
      expect([await isSeen(pay(page)), await isSeen(digits(page))]).toEqual([true, true]);
    },
  );

  test("are reached by keyboard, and nothing that has the focus is covered by them", async () => {
    const { page } = await holding("keys", { viewport: { width: 320, height: 568 } });
    await buyButton(page).click();
    await orderIs(page, "reserved");
    await page.locator("[data-docked]").waitFor();
    const met: string[] = [];
    for (let i = 0; i < 6; i += 1) {
      await page.keyboard.press("Tab");
      const focused = page.locator(":focus");
      met.push((await focused.innerText()) || ((await focused.getAttribute("value")) ?? ""));
      expect(await isSeen(focused), `${met.at(-1)} is seen`).toBe(true);
      if (met.at(-1)?.includes("Cancel reservation")) break;
    }
    expect(met.join()).toMatch(/tok_ok,Pay\s.*,Cancel reservation/);
  });

  test("without JavaScript they stay at the foot of the order's page", async () => {
    const viewport = { width: 320, height: 568 };
    const { page, skuId, saleId } = await holding("plain", { viewport, javaScriptEnabled: false });
    await page.goto(`/sales/${saleId}/skus/${skuId}/buy`);
    await page.getByRole("button", { name: "Confirm order" }).click();
    await page.getByRole("heading", { name: "Reserved for you" }).waitFor();
    const overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
    expect(await page.evaluate(overflow)).toBe(0);
    expect((await pay(page).boundingBox())?.width).toBeGreaterThan(100);
    expect([await isSeen(pay(page)), await isSeen(page.locator("[data-hold-until]"))]).toEqual([
      true,
      true,
    ]);
  });

  test("are those of the hold that ends first, then of the next", async () => {
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

  test("say what went wrong where it is seen", async () => {
    const { page } = await holding("declined", { viewport: { width: 320, height: 568 } });
    await buyButton(page).click();
    await orderIs(page, "reserved");
    await page.evaluate("scrollTo(0, 0)");
    await page.route(PAYMENT, (route) => route.abort());
    await pay(page).click();
    const fault = page.locator("[data-order-fault]", { hasText: "you weren't charged" });
    await fault.waitFor();
    await expect.poll(() => isSeen(fault)).toBe(true);
  });
});
