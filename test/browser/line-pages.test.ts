// The pages of a sale with a line: without JavaScript, with a screen reader, on a phone.
import { expect, test } from "vitest";
import { expectOk } from "../../src/local/client.ts";
import { check } from "./axe.ts";
import { buyButton, inBrowser, orderIs } from "./harness.ts";
import { LATER, lineSale, lineSays, linkOf, standsAs, waiting } from "./line-scene.ts";

inBrowser("the pages of a sale with a line", (stage) => {
  test("let a visitor without JavaScript join, wait, and buy at their turn", async () => {
    const sale = await lineSale(stage());
    await sale.operate({ paused: true });
    const visitor = await stage().person({ javaScriptEnabled: false });
    const page = await visitor.open(sale.path);
    await page.getByRole("link", { name: "Join the line" }).click();
    await page.getByLabel("Your name").fill(`${sale.saleId}-ann`);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("button", { name: "Join the line" }).click();
    await standsAs(page, "waiting");
    await lineSays(page, "The line is paused. You keep your place.");
    expect(await page.getByRole("button", { name: "Join the line" }).count()).toBe(0);
    // From here on, the page reloads itself.
    await sale.operate({ paused: false });
    await standsAs(page, "admitted");
    await page.getByRole("link", { name: "Buy Thing" }).click();
    await page.getByRole("button", { name: "Confirm order" }).click();
    await orderIs(page, "confirmed");
  });

  test("pass axe in every standing", async () => {
    const early = await lineSale(stage(), {}, { ...LATER, opensRegistrationIn: 1_800_000 });
    const soon = await lineSale(stage(), { perUserLimit: 4 }, { ...LATER, mode: "draw" });
    const now = await lineSale(stage(), { stock: 2 });
    const bob = await now.admit("bob");
    await now.operate({ paused: true, notice: "We are counting the boxes, and go on at noon." });

    const visitor = await stage().person();
    const page = await visitor.open(early.path);
    await standsAs(page, "early");
    await check(page, "before registration");
    await page.goto(soon.path);
    await standsAs(page, "apart");
    await page.getByText("How places are drawn").click();
    await check(page, "registration");
    const joined = await waiting(stage(), soon, "ann", "undrawn");
    await check(joined.page, "waiting for the draw");

    const { page: shown } = await waiting(stage(), now, "ann", "waiting");
    await linkOf(shown);
    await lineSays(shown, "We are counting the boxes");
    await check(shown, "waiting in line");
    await shown.goto(`${now.path}/line`);
    await check(shown, "waiting without JavaScript");
    await now.operate({ paused: false });
    await shown.goto(now.path);
    await standsAs(shown, "admitted");
    await check(shown, "one's turn");
    expectOk(await bob.buy());
    await buyButton(shown).click();
    await orderIs(shown, "confirmed");
    await standsAs(shown, "over");
    await check(shown, "the end");
  });
});
