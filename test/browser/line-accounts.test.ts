// Several accounts in one browser: each joins by its own press, and keeps its own ticket and choice.
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { inBrowser, orderIs } from "./harness.ts";
import { joinLine, lineSale, lineSays, linkOf, standsAs, ticketIn, waiting } from "./line-scene.ts";

const OTHER = "You're signed in with another account, which isn't in line.";

/** Counts the requests that join the line or ask for the place. */
function watchTickets(page: Page): { count: number } {
  const seen = { count: 0 };
  page.on("request", (request) => {
    if (request.url().endsWith("/tickets")) seen.count += 1;
  });
  return seen;
}

const liveAnswer = (page: Page) =>
  page.waitForResponse((response) => response.url().endsWith("/live"));

inBrowser("the line of a sale with several accounts in one browser", (stage) => {
  test("does not put another account in line, and keeps the first one's ticket", async () => {
    const sale = await lineSale(stage());
    await sale.operate({ paused: true });
    const { page, visitor } = await waiting(stage(), sale, "ann");
    const ticket = await ticketIn(page, sale.saleId);
    await visitor.signIn(`${sale.saleId}-eve`);
    // Another tab tells the page that the session may have changed.
    await visitor.open("/");
    await lineSays(page, OTHER);
    await standsAs(page, "apart");
    expect(await ticketIn(page, sale.saleId)).toBe(ticket);
    await page.reload();
    await lineSays(page, OTHER);

    await joinLine(page);
    await standsAs(page, "waiting");
    expect(await ticketIn(page, sale.saleId)).not.toBe(ticket);
    await visitor.signIn(`${sale.saleId}-ann`);
    await visitor.open("/");
    await expect.poll(() => ticketIn(page, sale.saleId)).toBe(ticket);
    await standsAs(page, "waiting");
  });

  test("keeps an account's ticket when the cookies are gone and another one joined last", async () => {
    const sale = await lineSale(stage());
    await sale.operate({ paused: true });
    const { page, visitor } = await waiting(stage(), sale, "ann");
    const ticket = await ticketIn(page, sale.saleId);
    await visitor.signIn(`${sale.saleId}-eve`);
    await page.reload();
    await joinLine(page);
    await standsAs(page, "waiting");
    await visitor.signOut();
    await visitor.signIn(`${sale.saleId}-ann`);
    await page.reload();
    await lineSays(page, OTHER);
    await joinLine(page);
    await standsAs(page, "waiting");
    expect(await ticketIn(page, sale.saleId)).toBe(ticket);
  });

  test("buys by itself only for the account that chose it", async () => {
    const sale = await lineSale(stage());
    await sale.operate({ paused: true });
    const { page, visitor } = await waiting(stage(), sale, "ann");
    await page.getByLabel("Buy for me").check();
    // On a page of the shop, so nothing tells this page.
    await visitor.signIn(`${sale.saleId}-eve`);
    await sale.operate({ paused: false });
    await lineSays(page, OTHER);
    expect((await stage().ledger(sale.skuId)).sold).toBe(0);
    await visitor.signIn(`${sale.saleId}-ann`);
    await visitor.open("/");
    await orderIs(page, "confirmed");
    expect((await stage().ledger(sale.skuId)).sold).toBe(1);
  });

  test("tells a visitor who was signed out to sign in again", async () => {
    const sale = await lineSale(stage());
    await sale.operate({ paused: true });
    const { page, visitor } = await waiting(stage(), sale, "ann");
    const ticket = await ticketIn(page, sale.saleId);
    await visitor.signOut();
    await visitor.open("/");
    await lineSays(page, "You're signed out. Sign in to see your place in line.");
    expect(await ticketIn(page, sale.saleId)).toBe(ticket);
  });

  test("asks nothing when a page in line regains focus", async () => {
    const sale = await lineSale(stage());
    await sale.operate({ paused: true });
    const { page } = await waiting(stage(), sale, "ann");
    const asked = watchTickets(page);
    await page.evaluate("for (let i = 0; i < 5; i += 1) dispatchEvent(new Event('focus'))");
    await liveAnswer(page);
    await liveAnswer(page);
    expect(asked.count).toBe(0);
  });

  test("shows the place in another tab of the person who joins", async () => {
    const sale = await lineSale(stage());
    await sale.operate({ paused: true });
    const visitor = await stage().person();
    await visitor.signIn(`${sale.saleId}-ann`);
    const [page, other] = [await visitor.open(sale.path), await visitor.open(sale.path)];
    await standsAs(other, "apart");
    await joinLine(page);
    await standsAs(other, "waiting");
  });

  test("says that a link is another account's, and joins nobody by it", async () => {
    const sale = await lineSale(stage());
    await sale.operate({ paused: true });
    const { page } = await waiting(stage(), sale, "ann");
    const link = await linkOf(page);
    const stranger = await stage().person();
    await stranger.signIn(`${sale.saleId}-eve`);
    const other = await stranger.open(link);
    await lineSays(other, OTHER);
    await standsAs(other, "apart");
    expect(await ticketIn(other, sale.saleId)).toBeUndefined();
  });
});
