// Accessibility: axe finds no violation and nothing overflows, on every page and state, in light and dark
// mode, on phones and on a desktop.
import { expect, test } from "vitest";
import { changeLive, inTurn, ORDER, ORDERS, PAYMENT, refuse } from "./api-mocks.ts";
import { check } from "./axe.ts";
import { fakeWidget, solve } from "./fake-widget.ts";
import { buyButton, inBrowser, orderIs, PAID } from "./harness.ts";

inBrowser("accessibility", (stage) => {
  test("passes axe on every page", async () => {
    const now = await stage().onSale(PAID);
    const soon = await stage().onSale(
      { perUserLimit: 4 },
      { opensIn: 3_600_000, closesIn: 7_200_000 },
    );
    const over = await stage().onSale({}, { opensIn: -7_200_000, closesIn: -3_600_000 });
    const none = await stage().onSale({ stock: 0 });
    const checked = await stage().onSale({}, { challenge: { mode: "always" } });
    const visitor = await stage().person();
    await fakeWidget(visitor, "fail");
    const page = await visitor.open("/");
    await check(page, "the list");
    // Signed out, the list of orders is the page to sign in.
    for (const path of [
      ...[now.path, soon.path, over.path, none.path, `${soon.path}/ready`, "/orders"],
      ...[`${now.path}/skus/${now.skuId}/buy`, "/sales/unknown"],
    ]) {
      await page.goto(path);
      await check(page, path);
    }
    await page.goto(now.path);
    await page.locator('[data-buy] button[aria-disabled="false"]').waitFor();
    await buyButton(page).click();
    await page.locator("dialog[open]").waitFor();
    await check(page, "the sign-in dialog");
    await page.getByLabel("Your name").fill("a-user");
    await page.getByRole("button", { name: "Sign in" }).click();
    await orderIs(page, "reserved");
    await check(page, "a reserved order");
    await page.getByRole("button", { name: "Cancel reservation" }).click();
    await check(page, "the cancel dialog");
    await page.getByRole("button", { name: "Keep reservation" }).click();
    await page.getByRole("link", { name: "View your order" }).click();
    await check(page, "the page of a reserved order");
    await page.getByRole("button", { name: "Pay" }).click();
    await orderIs(page, "confirmed");
    await check(page, "the page of a confirmed order");
    await page.goto(`${now.path}/skus/${now.skuId}/buy`);
    await check(page, "the order form");
    await page.goto("/orders");
    await check(page, "my orders");
    await page.goto("/orders/unknown");
    await check(page, "an order that is not found");
    await page.goto(checked.path);
    await page.locator('[data-buy] button[aria-disabled="false"]').waitFor();
    await buyButton(page).click();
    await page.locator(".challenge iframe").waitFor();
    await check(page, "a challenge");
    await solve(page);
    await page.getByText("didn't pass").waitFor();
    await check(page, "a failed challenge");
  });

  test("passes axe in error states, from right to left", async () => {
    const more = {
      theme: { accent: "#ffffff" },
      title: "تخفيضات الربيع: أحذية الجري",
      language: "ar",
    };
    const sale = await stage().onSale({ ...PAID, name: "حذاء الجري الأصلي" }, { more });
    const visitor = await stage().person({ locale: "ar-EG" });
    await visitor.signIn("unlucky");
    const page = await visitor.open("/orders");
    await changeLive(page, (live) => ({ ...live, asOf: "2020-01-01T00:00:00Z", revision: 9e15 }));
    await page.goto(sale.path);
    await page.locator('html[dir="rtl"]').getByText("Stock counts may be out of date").waitFor();
    await check(page, "stale stock and a changed sale");
    await inTurn(page, ORDERS, (route) => refuse(route, 429, "rate_limited", { retryAfter: 9 }));
    await buyButton(page).click();
    await page.getByRole("button", { name: /Try again/ }).waitFor();
    await check(page, "a rate limit");
    await page.reload();
    await buyButton(page).click();
    await orderIs(page, "reserved");
    await inTurn(page, PAYMENT, (route) => route.abort());
    await inTurn(page, ORDER, (route) => route.abort());
    await page.getByRole("button", { name: /^Pay/ }).click();
    await page.getByText("checking whether").waitFor();
    await check(page, "a payment being looked up");
    await page.getByText("you weren't charged").waitFor();
    await check(page, "a payment that did not arrive");
    await page.getByLabel("Test card: declined").check();
    await page.getByRole("button", { name: /^Pay/ }).click();
    await page.getByText("your item is still reserved").waitFor();
    await check(page, "a declined card");
    await page.getByRole("button", { name: "Cancel reservation" }).click();
    await page.locator("dialog[open]").waitFor();
    await check(page, "the cancel dialog");
    await page.locator("dialog[open]").getByRole("button", { name: "Cancel" }).click();
    await orderIs(page, "cancelled");
    await page.goto("/orders");
    await check(page, "canceled orders");
  });

  test("passes axe with a shop's theme", async () => {
    const links = [{ label: "Terms", url: "https://shop.example/terms" }];
    const theme = { accent: "#111111", seller: "Harbor Roasters", links };
    const more = { title: "Donaudampfschifffahrtsgesellschaft".repeat(3), language: "de", theme };
    const sale = await stage().onSale({ ...PAID, perUserLimit: 4 }, { more, items: 8 });
    const page = await (await stage().person()).open(sale.path);
    await check(page, "many items and a long title");
    expect(await page.getByText("Sold by Harbor Roasters").isVisible()).toBe(true);
    const names = await page.getByRole("button", { name: "Buy now Thing" }).count();
    expect([names, await page.getByRole("combobox", { name: "Quantity Thing" }).count()]).toEqual([
      8, 8,
    ]);
    await page.goto(`${sale.path}/skus/${sale.skuId}/buy`);
    await check(page, "its order form");
  });

  test("distinguishes enabled from disabled buttons by border in forced-colors mode", async () => {
    const [now, over] = [await stage().onSale(), await stage().onSale({ stock: 0 })];
    const visitor = await stage().person({ forcedColors: "active" });
    const page = await visitor.open(now.path);
    const border = () =>
      page.evaluate("getComputedStyle(document.querySelector('[data-buy] button')).borderTopStyle");
    expect(await border()).toBe("solid");
    await page.goto(over.path);
    await page.getByRole("button", { name: "Sold out" }).waitFor();
    expect(await border()).toBe("dashed");
  });
});
