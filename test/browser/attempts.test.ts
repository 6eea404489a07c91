// One press, one order: what the browser stores about a purchase attempt, and for how long. Stored too long, an
// old press buys something unwanted; dropped too soon, a new press buys twice.
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { inTurn, loseAnswer, ORDER, ORDERS, refuse } from "./api-mocks.ts";
import { buyButton, inBrowser, order, orderIs, says, watchOrders } from "./harness.ts";

const quantity = (page: Page) => page.getByLabel("Quantity");
const canBuy = (page: Page) => page.locator('[data-buy] button[aria-disabled="false"]').waitFor();
const limited = (retryAfter: number) => (route: Parameters<typeof refuse>[0]) =>
  refuse(route, 429, "rate_limited", { retryAfter });

inBrowser("purchase attempts", (stage) => {
  /**
   * A signed-in buyer on the page of a free item with a limit of five. The script `broken` runs before the
   * page's own.
   */
  async function ready(user: string, broken = "") {
    const sale = await stage().onSale({ perUserLimit: 5 });
    const buyer = await stage().person();
    if (user) await buyer.signIn(user);
    const page = await buyer.open("/");
    await page.addInitScript(broken);
    await page.goto(sale.path);
    await canBuy(page);
    return { ...sale, buyer, page, sent: watchOrders(page) };
  }

  test("starts a new attempt, with the new quantity, after a refusal", async () => {
    const { page, skuId, sent } = await ready("changes-mind");
    await inTurn(page, ORDERS, limited(1));
    await quantity(page).selectOption("3");
    await buyButton(page).click();
    // The button is disabled from the press to the end of the refusal.
    await canBuy(page);
    await quantity(page).selectOption("1");
    await buyButton(page).click();
    await orderIs(page, "confirmed");
    expect((await stage().ledger(skuId)).sold).toBe(1);
    expect(sent[0]?.["idempotency-key"]).not.toBe(sent[1]?.["idempotency-key"]);
  });

  test("retries an unresolved order with the same key and quantity, and tells the buyer", async () => {
    const { page, skuId, sent } = await ready("finds-out");
    await inTurn(page, ORDERS, loseAnswer, limited(1));
    await quantity(page).selectOption("3");
    await buyButton(page).click();
    await says(page, "your order of 3");
    expect([await quantity(page).isDisabled(), await quantity(page).inputValue()]).toEqual([
      true,
      "3",
    ]);
    await page.getByRole("button", { name: "Check my order" }).click();
    await orderIs(page, "confirmed");
    expect((await stage().ledger(skuId)).sold).toBe(3);
    expect(new Set(sent.map((headers) => headers["idempotency-key"])).size).toBe(1);
    expect(sent.map((headers) => headers["idempotency-retry"])).toEqual([
      undefined,
      "true",
      "true",
    ]);
  });

  test("sends nothing on reload after the buyer cancels the sign-in", async () => {
    const { page, buyer, skuId, sent } = await ready("");
    await buyButton(page).click();
    await page.locator("dialog[open]").getByRole("button", { name: "Cancel" }).click();
    await says(page, "Nothing was ordered");
    await buyer.signIn("stranger");
    const live = page.waitForResponse("**/live");
    await page.reload();
    await live;
    await canBuy(page);
    expect(sent).toHaveLength(1);
    expect(await stage().ledger(skuId)).toMatchObject({ sold: 0, held: 0 });
  });

  test("honors Retry-After across a reload", async () => {
    const { page, sent } = await ready("waits");
    await inTurn(page, ORDERS, (route) => route.abort(), limited(600));
    await buyButton(page).click();
    await page.getByRole("button", { name: /Try again/ }).waitFor();
    await page.reload();
    await says(page, "very busy");
    expect(sent, "two requests before the reload, none after").toHaveLength(2);
  });

  test("reopens IndexedDB after the browser closes the connection", async () => {
    const { page, skuId } = await ready(
      "revived",
      `{ const transaction = IDBDatabase.prototype.transaction;
         IDBDatabase.prototype.transaction = function (...args) {
           if (window.dying) { this.close(); window.dying = false; }
           return transaction.apply(this, args);
         }; }`,
    );
    await page.evaluate("window.dying = true");
    await page.route(ORDERS, loseAnswer, { times: 1 });
    await buyButton(page).click();
    await orderIs(page, "confirmed");
    await page.reload();
    await orderIs(page, "confirmed");
    expect((await stage().ledger(skuId)).sold).toBe(1);
  });

  test.each([
    ["IndexedDB never opens", "indexedDB.open = () => ({});"],
    [
      "IndexedDB is forbidden",
      "indexedDB.open = () => { throw new DOMException('', 'SecurityError'); };",
    ],
    [
      "IndexedDB fails permanently",
      "IDBDatabase.prototype.transaction = () => { throw new DOMException('', 'InvalidStateError'); };",
    ],
    [
      "broadcast channels are blocked",
      "BroadcastChannel = class { constructor() { throw new DOMException('', 'SecurityError'); } };",
    ],
  ])("buys exactly one unit when %s", async (name, broken) => {
    const { page, skuId } = await ready(name, broken);
    await page.route(ORDERS, loseAnswer, { times: 1 });
    await buyButton(page).click();
    await orderIs(page, "confirmed");
    expect((await stage().ledger(skuId)).sold).toBe(1);
  });

  test("places no second order while the first cannot be loaded", async () => {
    const { page, skuId, sent } = await ready("patient");
    await buyButton(page).click();
    await orderIs(page, "confirmed");
    await page.route(ORDER, (route) => refuse(route, 503, "unavailable"));
    await page.reload();
    await canBuy(page);
    await buyButton(page).click();
    await says(page, "couldn't load");
    expect(sent).toHaveLength(1);
    await page.unroute(ORDER);
    await buyButton(page).click();
    await orderIs(page, "confirmed");
    expect((await stage().ledger(skuId)).sold).toBe(1);
  });

  test("asks for a sign-in after the session expires, then shows the existing order", async () => {
    const { page, buyer, skuId } = await ready("returns");
    await buyButton(page).click();
    await orderIs(page, "confirmed");
    await buyer.signOut();
    await page.reload();
    await canBuy(page);
    expect(await order(page).count(), "a signed-out visitor sees no order").toBe(0);
    await buyButton(page).click();
    await page.getByLabel("Your name").fill("returns");
    await page.getByRole("button", { name: "Sign in" }).click();
    await orderIs(page, "confirmed");
    expect((await stage().ledger(skuId)).sold).toBe(1);
  });
});
