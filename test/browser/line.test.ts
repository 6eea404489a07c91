// The line of a sale in a real browser: joining it, waiting, and buying at one's turn.
import { expect, test } from "vitest";
import { buyButton, inBrowser, orderIs } from "./harness.ts";
import { joinLine, lineSale, lineSays, standsAs } from "./line-scene.ts";

/** The beacon comes ten seconds after the close, and everybody asks for their place in the ten seconds after it. */
const SLOW = { timeout: 120_000 };

inBrowser("the line of a sale", (stage) => {
  test("gives those who join early a place, and lets them buy at their turn", SLOW, async () => {
    const sale = await lineSale(stage(), {}, { opensIn: 12_000, closesRegistrationIn: 12_000 });
    await sale.operate({ paused: true, notice: "We start with the front row." });
    await sale.join(`${sale.saleId}-bob`, `${sale.saleId}-eve`);
    const page = await (await stage().person()).open(sale.path);
    await joinLine(page);
    await page.getByLabel("Your name").fill(`${sale.saleId}-ann`);
    await page.getByRole("button", { name: "Sign in" }).click();
    await lineSays(page, "You're in line. Places are drawn at");
    await page.getByRole("button", { name: /^Not open yet/ }).waitFor();

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
});
