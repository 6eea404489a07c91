// Every page in every state, light and dark, narrow and wide: axe finds nothing, nothing overflows.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type axe from "axe-core";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { fakeWidget } from "./fake-widget.ts";
import { buyButton, inBrowser, orderIs, PAID } from "./stage.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const LOOKS = [
  { colorScheme: "light", viewport: { width: 320, height: 640 } },
  { colorScheme: "dark", viewport: { width: 1280, height: 800 } },
] as const;

inBrowser("everybody can use it", (stage) => {
  test.each(LOOKS)("$colorScheme, $viewport.width px", async (look) => {
    const now = await stage().onSale(PAID);
    const soon = await stage().onSale(
      { perUserLimit: 4 },
      { opensIn: 3_600_000, closesIn: 7_200_000 },
    );
    const over = await stage().onSale({}, { opensIn: -7_200_000, closesIn: -3_600_000 });
    const none = await stage().onSale({ stock: 0 });
    // Reduced motion, because axe would measure colours in the middle of a transition.
    const checked = await stage().onSale({}, { challenge: { mode: "always" } });
    const visitor = await stage().person({ ...look, reducedMotion: "reduce" });
    await fakeWidget(visitor, "pass");
    const page = await visitor.open("/");
    await check(page, "the list");
    for (const { path } of [now, soon, over, none]) {
      await page.goto(path);
      await check(page, path);
    }
    for (const path of ["/orders", `${now.path}/skus/${now.skuId}/buy`, "/sales/unknown"]) {
      await page.goto(path);
      await check(page, path);
    }
    await page.goto(now.path);
    await page.locator('[data-buy] button[aria-disabled="false"]').waitFor();
    await buyButton(page).click();
    await page.locator("dialog[open]").waitFor();
    await check(page, "the sign-in dialog");
    await page.getByLabel("Your name").fill(`user-${look.colorScheme}`);
    await page.getByRole("button", { name: "Sign in" }).click();
    await orderIs(page, "reserved");
    await check(page, "a held order");
    await page.getByRole("button", { name: "Give it back" }).click();
    await check(page, "giving it back");
    await page.getByRole("button", { name: "Keep it" }).click();
    await page.getByRole("link", { name: "View your order" }).click();
    await check(page, "the page of a held order");
    await page.getByRole("button", { name: "Pay" }).click();
    await orderIs(page, "confirmed");
    await check(page, "the page of a confirmed order");
    await page.goto(`${now.path}/skus/${now.skuId}/buy`);
    await check(page, "the order form");
    await page.goto("/orders");
    await check(page, "my orders");
    await page.goto(checked.path);
    await page.locator('[data-buy] button[aria-disabled="false"]').waitFor();
    await buyButton(page).click();
    await page.locator(".challenge iframe").waitFor();
    await check(page, "a challenge");
  });
});

async function check(page: Page, what: string): Promise<void> {
  await page.evaluate(AXE);
  const found = await page.evaluate<axe.AxeResults>("axe.run()");
  const violations = found.violations.map(
    ({ id, nodes }) => `${what}: ${id}: ${nodes.map(({ html }) => html).join(" ")}`,
  );
  expect(violations).toEqual([]);
  const overflow = await page.evaluate<number>(
    "document.documentElement.scrollWidth - document.documentElement.clientWidth",
  );
  expect(overflow, `${what} is wider than the screen`).toBe(0);
}
