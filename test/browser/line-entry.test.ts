// Getting into a line in a real browser when something stands in the way: a challenge at the entry, a beacon that is late.
import { expect, test } from "vitest";
import { expectOk } from "../../src/local/client.ts";
import { fakeWidget, solve } from "./fake-widget.ts";
import { buyButton, inBrowser, orderIs } from "./harness.ts";
import { joinLine, LATER, lineSale, lineSays, standsAs, waiting } from "./line-scene.ts";

const ALWAYS = { challenge: { mode: "always", whenDown: "closed" } } as const;

inBrowser("the entry to a line", (stage) => {
  /** A signed-in visitor on the page of a sale that challenges everyone who joins its line. */
  async function challenged(user: string, ...outcomes: string[]) {
    const sale = await lineSale(stage(), {}, ALWAYS);
    const visitor = await stage().person();
    await visitor.signIn(`${sale.saleId}-${user}`);
    const fake = await fakeWidget(visitor, ...outcomes);
    const page = await visitor.open(sale.path);
    await standsAs(page, "apart");
    return { sale, fake, page };
  }

  test("asks for a challenge once, and not again for the order", async () => {
    const { fake, page } = await challenged("ann", "fail", "pass");
    expect(fake.scripts, "not loaded before the challenge").toBe(0);
    await joinLine(page);
    await solve(page);
    await page.getByText("didn't pass").waitFor();
    await standsAs(page, "apart");
    await solve(page);
    await standsAs(page, "admitted");
    expect(fake.rendered).toHaveLength(2);
    await buyButton(page).click();
    await orderIs(page, "confirmed");
    expect(fake.rendered).toHaveLength(2);
  });

  test("lets nobody in who cancels the challenge, until they solve it", async () => {
    const { sale, page } = await challenged("ann", "pass");
    await joinLine(page);
    await page.locator(".challenge iframe").waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    await standsAs(page, "apart");
    expect((await page.context().cookies()).map(({ name }) => name)).not.toContain(
      `ticket-${sale.saleId}`,
    );
    await joinLine(page);
    await solve(page);
    await standsAs(page, "admitted");
  });

  test("waits for a late beacon and says so, decides nothing meanwhile, and goes on", async () => {
    const { client, beaconIs } = stage();
    await beaconIs("silent");
    const sale = await lineSale(stage(), {}, { ...LATER, mode: "draw" });
    const { page } = await waiting(stage(), sale, "ann", "undrawn");
    await sale.open(page);
    // The beacon is late three seconds after it is due, which is ten seconds after the close.
    const lineNow = async () => expectOk(await client.line(sale.saleId));
    await expect.poll(async () => (await lineNow()).notice).toBe("beacon_late");
    await lineSays(page, "We're waiting for the public random number that decides the places.");
    await page.getByRole("button", { name: /^Wait for your turn/ }).waitFor();
    expect(await lineNow()).toMatchObject({ frontier: 0, over: false });
    expect((await client.draw(sale.saleId)).body).toMatchObject({ revealed: false });

    await beaconIs("honest");
    await standsAs(page, "admitted");
    // Edges keep the draw for a second.
    const draw = async () => (await client.draw(sale.saleId)).body;
    await expect.poll(draw).toMatchObject({ revealed: true });
    await buyButton(page).click();
    await orderIs(page, "confirmed");
  });
});
