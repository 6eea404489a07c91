// Waiting in the line of a sale: through reloads, sleep, and lost connections, on other devices, and to the end.
import { expect, test } from "vitest";
import { expectOk } from "../../src/local/client.ts";
import { buyButton, inBrowser, orderIs, PAID } from "./harness.ts";
import { lineSale, lineSays, linkOf, standsAs, ticketIn, waiting } from "./line-scene.ts";

inBrowser("waiting in line", (stage) => {
  test("keeps the place of a later arrival over a reload, and without the cookie", async () => {
    const sale = await lineSale(stage());
    await sale.operate({ paused: true });
    const { page, visitor } = await waiting(stage(), sale, "ann");
    const ticket = await ticketIn(page, sale.saleId);
    expect(ticket).toBeTruthy();
    await visitor.signOut();
    await visitor.signIn(`${sale.saleId}-ann`);
    await page.reload();
    await standsAs(page, "waiting");
    expect(await ticketIn(page, sale.saleId)).toBe(ticket);
  });

  test("admits a phone that was asleep and offline through its turn", async () => {
    const sale = await lineSale(stage());
    await sale.operate({ paused: true });
    const { page, visitor } = await waiting(stage(), sale, "ann");
    await visitor.offline(true);
    await lineSays(page, "The line can't be reached right now. You keep your place.");
    const phone = await page.context().newCDPSession(page);
    await phone.send("Page.setWebLifecycleState", { state: "frozen" });
    await sale.operate({ paused: false });
    // Somebody who came later is admitted meanwhile.
    await sale.admit("bob");
    await visitor.offline(false);
    await phone.send("Page.setWebLifecycleState", { state: "active" });
    await standsAs(page, "admitted");
    await buyButton(page).click();
    await orderIs(page, "confirmed");
  });

  test("carries a place to another device of the same person by a link", async () => {
    const sale = await lineSale(stage());
    await sale.operate({ paused: true });
    const { page } = await waiting(stage(), sale, "ann");
    const link = await linkOf(page);
    const other = await waiting(stage(), sale, "ann");
    expect(await ticketIn(other.page, sale.saleId)).not.toBe(await ticketIn(page, sale.saleId));
    await other.page.goto("/orders");
    await other.page.goto(link);
    await expect
      .poll(() => ticketIn(other.page, sale.saleId))
      .toBe(await ticketIn(page, sale.saleId));
    expect(other.page.url()).toBe(`${stage().url}${sale.path}`);
  });

  test("gives somebody else's link no place but one's own", async () => {
    const sale = await lineSale(stage());
    await sale.operate({ paused: true });
    const { page } = await waiting(stage(), sale, "ann");
    const link = await linkOf(page);
    const other = await waiting(stage(), sale, "eve");
    const own = await ticketIn(other.page, sale.saleId);
    await other.page.goto("/orders");
    await other.page.goto(link);
    await standsAs(other.page, "waiting");
    await lineSays(other.page, "1 person is ahead of you.");
    expect(await ticketIn(other.page, sale.saleId)).toBe(own);
  });

  test("tells everybody when everything is sold, in line or not", async () => {
    const sale = await lineSale(stage(), { stock: 1 });
    const bob = await sale.admit("bob");
    await sale.operate({ paused: true });
    const { page } = await waiting(stage(), sale, "ann");
    const passerBy = await (await stage().person()).open(sale.path);
    expectOk(await bob.buy());
    for (const shown of [page, passerBy]) {
      await standsAs(shown, "over");
      await lineSays(shown, "The line is over: nothing is left.");
      expect(await shown.getByRole("button", { name: /^Join/ }).count()).toBe(0);
    }
  });

  test("offers a unit that comes back to the next in line", async () => {
    const sale = await lineSale(stage(), { ...PAID, stock: 1 });
    const bob = await sale.admit("bob");
    const { id } = expectOk(await bob.buy());
    const { page } = await waiting(stage(), sale, "ann");
    await lineSays(page, "All units are reserved. If one comes back, the next in line gets it.");
    expectOk(await stage().client.cancel(id, bob));
    await standsAs(page, "admitted");
    await buyButton(page).click();
    await orderIs(page, "reserved");
  });
});
