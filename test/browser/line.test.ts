// The line of a sale in a real browser: joining it, the draw, and buying at one's turn.
import { expect, test } from "vitest";
import { inTurn, ORDERS, refuse } from "./api-mocks.ts";
import { buyButton, inBrowser, order, orderIs } from "./harness.ts";
import { joinLine, LATER, lineSale, lineSays, standsAs, waiting } from "./line-scene.ts";

inBrowser("the line of a sale", (stage) => {
  test("gives those who join early a place, and lets them buy at their turn", async () => {
    const sale = await lineSale(stage(), {}, LATER);
    await sale.operate({ paused: true, notice: "We start with the front row." });
    await sale.join("bob", "eve");
    const page = await (await stage().person()).open(sale.path);
    await joinLine(page);
    await page.getByLabel("Your name").fill(`${sale.saleId}-ann`);
    await page.getByRole("button", { name: "Sign in" }).click();
    await lineSays(page, "You're in line. Places are drawn at");
    await page.getByRole("button", { name: /^Not open yet/ }).waitFor();

    await sale.open(page);
    // The beacon comes ten seconds after the close, and everybody asks for their place in the ten seconds after it.
    await standsAs(page, "waiting");
    await lineSays(page, "The line is paused. You keep your place.");
    await lineSays(page, "We start with the front row.");
    await page.getByRole("button", { name: /^Wait for your turn/ }).waitFor();
    expect(await buyButton(page).getAttribute("aria-disabled")).toBe("true");

    await sale.operate({ paused: false, notice: null });
    await standsAs(page, "admitted");
    await lineSays(page, "It's your turn. You can buy now.");
    expect(await page.title()).toBe("It's your turn");
    await buyButton(page).click();
    await orderIs(page, "confirmed");
    expect((await stage().ledger(sale.skuId)).sold).toBe(1);
  });

  test("lets a buyer check the draw and their own place in it", async () => {
    const sale = await lineSale(stage(), {}, { ...LATER, mode: "draw" });
    await sale.join("bob");
    const { page } = await waiting(stage(), sale, "ann", "undrawn");
    await sale.open(page);
    await standsAs(page, "admitted");
    await page.getByText("How places are drawn").click();
    await lineSays(page, /^[0-9a-f]{64}$/);
    await lineSays(page, /^drand round \d+$/);
    await page.getByRole("button", { name: "Check that the draw was fair" }).click();
    await lineSays(page, /^✓ The beacon signed the round/);
    await lineSays(page, /^✓ Your place/);
    // The beacon of a local instance is a stand-in, and the check says so.
    const failed = await page.locator("[data-line-checks] li", { hasText: "✗" }).allInnerTexts();
    expect(failed).toEqual([expect.stringContaining("The beacon is not the drand chain")]);
    await lineSays(page, "This draw is not proven.");
  });

  test("refuses whoever has not joined, and tells them to", async () => {
    const sale = await lineSale(stage());
    const visitor = await stage().person();
    await visitor.signIn(`${sale.saleId}-ann`);
    const page = await visitor.open(sale.path);
    await standsAs(page, "apart");
    await page.getByRole("button", { name: /^Join the line first/ }).click({ force: true });
    await page.getByText("Join it above to get your turn").waitFor();
    expect((await stage().ledger(sale.skuId)).sold).toBe(0);
  });

  test("buys the chosen quantity at the visitor's turn, even after a reload", async () => {
    const sale = await lineSale(stage(), { perUserLimit: 3 });
    await sale.operate({ paused: true });
    const { page } = await waiting(stage(), sale, "ann");
    await page.getByRole("combobox", { name: /^Quantity/ }).selectOption("2");
    await page.getByLabel("Buy for me").check();
    await page.reload();
    await standsAs(page, "waiting");
    expect(await page.getByLabel("Buy for me").isChecked()).toBe(true);
    await sale.operate({ paused: false });
    await orderIs(page, "confirmed");
    expect((await stage().ledger(sale.skuId)).sold).toBe(2);
  });

  test("repeats an order that an edge with an older line refuses", async () => {
    const sale = await lineSale(stage());
    const { page } = await waiting(stage(), sale, "ann", "admitted");
    await inTurn(page, ORDERS, (route) =>
      refuse(route, 403, "not_admitted_yet", { retryAfter: 1 }),
    );
    await buyButton(page).click();
    await orderIs(page, "confirmed");
    expect(await order(page).count()).toBe(1);
  });

  test("notifies a visitor whose page is hidden at their turn", async () => {
    const sale = await lineSale(stage());
    await sale.operate({ paused: true });
    const { page } = await waiting(stage(), sale, "ann");
    await page.evaluate(`{
      window.notified = [];
      window.Notification = class { constructor(title) { notified.push(title); } };
      Notification.permission = "default";
      Notification.requestPermission = async () => (Notification.permission = "granted");
    }`);
    await page.getByRole("button", { name: "Notify me when it's my turn" }).click();
    await page.evaluate(`{
      Object.defineProperty(document, "hidden", { get: () => true });
      document.dispatchEvent(new Event("visibilitychange"));
    }`);
    await sale.operate({ paused: false });
    await standsAs(page, "admitted");
    expect(await page.evaluate("notified")).toEqual(["It's your turn"]);
  });
});
