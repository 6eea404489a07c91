// `<doorbuster-buy>` on a shop's own page: another origin, under a strict policy, by keyboard, and checked with axe.
import type { Page } from "playwright-core";
import { afterAll, expect, test } from "vitest";
import { expectOk } from "../../src/local/client.ts";
import { check } from "./axe.ts";
import { inBrowser, PAID, type Stage, watchOrders } from "./harness.ts";
import { lineSale } from "./line-scene.ts";
import { startShopServer } from "./shop-server.ts";

let instance = "";
const site = await startShopServer(() => instance);
afterAll(site.stop);

const LISTEN = `
document.querySelector("doorbuster-buy").addEventListener("doorbuster:order", ({ detail }) => {
  document.title = detail.status;
});
document.querySelector("doorbuster-buy").getToken = ({ isExpired }) =>
  document.documentElement.dataset.token;
`;

let buyers = 0;

/** Opens a page of the shop that has the element. `token` undefined: nobody is signed in. */
async function open(stage: Stage, attributes: string, { token = "", lang = "en" } = {}) {
  instance = stage.url;
  site.files.set("/listen.js", LISTEN);
  site.files.set(
    "/",
    `<!doctype html><html lang="${lang}" data-token="${token}"><title>Shop</title>
    <meta name="viewport" content="width=device-width"><main><h1>A thing</h1>
    <doorbuster-buy ${attributes}></doorbuster-buy></main>
    <script src="/listen.js"></script>
    <script type="module" src="${stage.url}/embed/doorbuster-buy.js"></script></html>`,
  );
  const person = await stage.person();
  await person.reach(site.origin, (route) => route.continue());
  return person.open(`${site.origin}/`);
}

async function signedIn(stage: Stage): Promise<string> {
  buyers += 1;
  return expectOk(await stage.client.login(`embed-${buyers}`)).token;
}

const button = (page: Page) => page.getByRole("button", { name: "Buy" });
const payLink = (page: Page) => page.getByRole("link", { name: "Pay now" });
const shows = (page: Page, text: string | RegExp) => page.getByText(text).waitFor();

inBrowser(
  "the element of a shop",
  (stage) => {
    test("sells by keyboard, and tells the page of the order", async () => {
      const { skuId, saleId } = await stage().onSale({ stock: 5 });
      const page = await open(stage(), `sale="${saleId}" sku="${skuId}"`, {
        token: await signedIn(stage()),
      });
      await shows(page, "5 left");
      await button(page).focus();
      await page.keyboard.press("Enter");
      await shows(page, "It is yours. Thank you!");
      await expect.poll(() => page.title()).toBe("confirmed");
      expect(await stage().ledger(skuId)).toMatchObject({ sold: 1 });
    });

    test("counts the hold of a paid item down, and links to the shop's checkout", async () => {
      const { skuId, saleId } = await stage().onSale(PAID);
      const attributes = `sale="${saleId}" sku="${skuId}" checkout="/checkout"`;
      const page = await open(stage(), attributes, { token: await signedIn(stage()) });
      await shows(page, "$12.00");
      await button(page).click();
      await shows(page, /^Reserved for you for \d:\d\d/);
      expect(await payLink(page).getAttribute("href")).toContain(`${site.origin}/checkout?order=`);
      expect(await button(page).isVisible()).toBe(false);
      // The button is gone, and the keyboard goes on with what takes its place.
      await payLink(page).and(page.locator(":focus")).waitFor();
    });

    test("asks to sign in, and sells nothing, without a token", async () => {
      const { skuId, saleId } = await stage().onSale();
      const page = await open(stage(), `sale="${saleId}" sku="${skuId}"`);
      await button(page).click();
      await shows(page, "Sign in to buy");
      expect(await stage().ledger(skuId)).toMatchObject({ held: 0, sold: 0 });
    });

    test("counts down to the opening, in the language of the page", async () => {
      const { skuId, saleId } = await stage().onSale(
        {},
        { opensIn: 3_600_000, closesIn: 7_200_000 },
      );
      const page = await open(stage(), `sale="${saleId}" sku="${skuId}"`, { lang: "de-AT" });
      await shows(page, /^Beginnt in (1:00:00|\d\d?:\d\d)$/);
      expect(await page.getByRole("button").isVisible()).toBe(false);
    });

    test("says that everything is sold", async () => {
      const { skuId, saleId } = await stage().onSale({ stock: 1 });
      const token = await signedIn(stage());
      expectOk(await stage().client.order(skuId, "last-unit", { token }));
      const page = await open(stage(), `sale="${saleId}" sku="${skuId}"`);
      await shows(page, "Sold out");
      await expect.poll(() => button(page).isVisible()).toBe(false);
    });

    test("shows the hold again after a reload, and on another device", async () => {
      const { skuId, saleId } = await stage().onSale(PAID);
      const token = await signedIn(stage());
      const attributes = `sale="${saleId}" sku="${skuId}"`;
      const page = await open(stage(), attributes, { token });
      await button(page).click();
      await shows(page, /^Reserved for you for/);
      await page.reload();
      await shows(page, /^Reserved for you for/);
      await page.evaluate(
        `dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }))`,
      );
      await shows(page, /^Reserved for you for/);
      const other = await open(stage(), attributes, { token });
      await button(other).click();
      await shows(other, /^Reserved for you for/);
      expect(await payLink(other).getAttribute("href")).toBe(
        await payLink(page).getAttribute("href"),
      );
    });

    test("keeps the place in line over a reload, and buys at its turn", async () => {
      const sale = await lineSale(stage());
      await sale.operate({ paused: true });
      const attributes = `sale="${sale.saleId}" sku="${sale.skuId}"`;
      const page = await open(stage(), attributes, { token: await signedIn(stage()) });
      await button(page).click();
      await shows(page, "You are in line. Keep this page open.");
      const ticket = () => page.evaluate<string>(`localStorage.getItem("doorbuster")`);
      const place = /"ticket":"([^"]+)"/.exec(await ticket())?.[1];
      await page.reload();
      await shows(page, "You are in line. Keep this page open.");
      expect(await ticket()).toContain(`"ticket":"${place}"`);
      await sale.operate({ paused: false });
      await shows(page, "It is yours. Thank you!");
      expect(await stage().ledger(sale.skuId)).toMatchObject({ sold: 1 });
    });

    test("sells another item once its attribute changes, and does not go back to the first one", async () => {
      const { skuId, saleId } = await stage().onSale({}, { items: 2 });
      const token = await signedIn(stage());
      const page = await open(stage(), `sale="${saleId}" sku="${skuId}"`, { token });
      const show = async (sku: string) => {
        await page.evaluate(
          `document.querySelector("doorbuster-buy").setAttribute("sku", "${sku}")`,
        );
        await expect.poll(() => button(page).getAttribute("aria-disabled")).toBe("false");
      };
      const sent = watchOrders(page);
      await page.route(`**/skus/${skuId}/orders`, () => {});
      await button(page).click();
      await shows(page, "One moment…");
      await show(`${skuId}-1`);
      await button(page).click();
      await shows(page, "It is yours. Thank you!");
      await show(skuId);
      expect(sent).toHaveLength(2);
      expect(await stage().ledger(`${skuId}-1`)).toMatchObject({ sold: 1 });
    });

    test("orders once, though the answer is lost and its repeat is refused", async () => {
      const { skuId, saleId } = await stage().onSale({ perUserLimit: 2 });
      const token = await signedIn(stage());
      const page = await open(stage(), `sale="${saleId}" sku="${skuId}"`, { token });
      const orders = `**/skus/${skuId}/orders`;
      const headers = {
        "retry-after": "3600",
        "access-control-allow-origin": site.origin,
        "access-control-expose-headers": "Retry-After",
      };
      const busy = { status: 429, headers, json: { code: "rate_limited", detail: "Later" } };
      const sent = watchOrders(page);
      await page.route(orders, async (route) => {
        if (sent.length > 1) return route.fulfill(busy);
        await route.fetch();
        await route.abort();
      });
      await button(page).click();
      await shows(page, "No answer yet. Press again: you never get two.");
      await page.unroute(orders);
      await button(page).click();
      await shows(page, "It is yours. Thank you!");
      expect(new Set(sent.map((each) => each["idempotency-key"])).size).toBe(1);
      const marks = sent.map((each) => each["idempotency-retry"]);
      expect([marks[0], marks.at(-1)]).toEqual([undefined, "true"]);
      const { orders: mine } = expectOk(await stage().client.readOrders({ token }));
      expect(mine).toHaveLength(1);
    });

    test("is accessible in every look", async () => {
      const { skuId, saleId } = await stage().onSale(PAID);
      const attributes = `sale="${saleId}" sku="${skuId}"`;
      const page = await open(stage(), attributes, { token: await signedIn(stage()) });
      await button(page).waitFor();
      await check(page, "the open sale");
      await button(page).click();
      await page.getByRole("link", { name: "Pay now" }).waitFor();
      await check(page, "the hold");
    });
  },
  { ALLOWED_ORIGINS: site.origin },
);
