// The receipt in a real browser: on another device of the same person, without JavaScript, on paper, and what happens next.
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { check } from "./axe.ts";
import { buyButton, inBrowser, order, orderIs, PAID } from "./harness.ts";

inBrowser("a receipt", (stage) => {
  /** A buyer with a reserved order, on its page. */
  async function holding(user: string, options: object = {}) {
    const sale = await stage().onSale(
      { ...PAID, name: "Runner 42" },
      {
        more: { theme: { seller: "Shoes & Co" } },
      },
    );
    const buyer = await stage().person({ reducedMotion: "reduce", ...options });
    await buyer.signIn(user);
    const page = await buyer.open(sale.path);
    await buyButton(page).click();
    await orderIs(page, "reserved");
    const id = (await order(page).getAttribute("data-order")) ?? "";
    await page.goto(`/orders/${id}`);
    return { ...sale, buyer, page, id };
  }

  const next = (page: Page) => page.locator(".next p:visible").allTextContents();
  const number = (page: Page) => page.locator(".facts .code").first().textContent();

  test("says what happens next as the status changes, and is complete on another device", async () => {
    const { page, id } = await holding("two-devices");
    expect(await next(page)).toEqual([expect.stringContaining("Pay before your reservation ends")]);
    await page.getByRole("button", { name: /^Pay/ }).click();
    await orderIs(page, "confirmed");
    expect(await next(page)).toEqual([expect.stringContaining("it is your receipt")]);

    const phone = await stage().person({
      javaScriptEnabled: false,
      viewport: { width: 320, height: 640 },
    });
    await phone.signIn("two-devices");
    const there = await phone.open(`/orders/${id}`);
    expect(await number(there)).toBe(await number(page));
    const text = await there.locator("main").innerText();
    for (const part of ["Runner 42", "Shoes & Co", "$12.00"]) expect(text).toContain(part);
    expect(await next(there)).toEqual(await next(page));
  });

  test("is black on white on paper, with its address and nothing to press", async () => {
    const { page, id } = await holding("on-paper", { colorScheme: "dark" });
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    const main = page.locator("main");
    expect(await main.getByRole("button").count()).toBe(0);
    expect(await page.locator(".bar nav").isVisible()).toBe(false);
    expect(await main.innerText()).toContain(`${new URL(page.url()).origin}/orders/${id}`);
    const colors = await page.evaluate<string[]>(
      `["main h1", ".facts dd", ".next p"].map((at) => getComputedStyle(document.querySelector(at)).color)
        .concat(getComputedStyle(document.body).backgroundColor, getComputedStyle(document.querySelector(".card")).backgroundColor)`,
    );
    expect(colors).toEqual([
      ...["rgb(0, 0, 0)", "rgb(0, 0, 0)", "rgb(0, 0, 0)"],
      ...["rgb(255, 255, 255)", "rgb(255, 255, 255)"],
    ]);
  });

  test("lists what is held now, with a running hold", async () => {
    const { page, id } = await holding("holder");
    await page.goto("/orders");
    await check(page, "my orders with a hold");
    const left = page.locator(".held .left");
    const before = (await left.textContent()) ?? "";
    expect(before).toMatch(/^\d+:\d\d$/);
    await expect.poll(() => left.textContent()).not.toBe(before);
    await page.locator(".held").getByRole("link", { name: /^Pay/ }).click();
    await page.waitForURL(`**/orders/${id}`);
    await check(page, "the receipt");
  });
});
