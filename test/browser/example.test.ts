// The example shop in a real browser: its pages are at another origin than the instance, under a strict policy, and its server
// hears of each purchase by webhook.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { createShop } from "../../src/client/examples/express/app.ts";
import { readSettings } from "../../src/client/examples/server/settings.ts";
import { Client, expectOk } from "../../src/local/client.ts";
import { LOCAL_ADMIN_TOKEN, LOCAL_AUTH_SECRET } from "../../src/local/settings.ts";
import { startDev } from "../local/dev/dev-process.ts";
import { check } from "./axe.ts";
import { inBrowser, PAID, type Stage } from "./harness.ts";
import { lineSale } from "./line-scene.ts";
import "../../.ci/build-client.ts";

const SECRET = `whsec_${btoa("a secret of the shop, 32 bytes long")}`;
const server = createServer();
await once(server.listen(0, "127.0.0.1"), "listening");
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
afterAll(() => void server.close().closeAllConnections());

const shows = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor();

/** By keyboard. */
async function press(page: Page, name: string): Promise<void> {
  const button = page.getByRole("button", { name });
  await button.waitFor();
  await button.press("Enter");
}

async function signIn(page: Page, name: string): Promise<void> {
  await page.getByLabel("Name").fill(name);
  await press(page, "Sign in");
  await shows(page, `customer-${name}`);
}

const VARS = {
  ALLOWED_ORIGINS: origin,
  ORDER_WEBHOOK_URL: `${origin}/webhooks/doorbuster`,
  ORDER_WEBHOOK_SECRET: SECRET,
};

/** Serves the shop for an instance. */
function serve({ url }: Stage, more: Record<string, string> = {}): void {
  const secrets = {
    AUTH_SECRET: LOCAL_AUTH_SECRET,
    SESSION_SECRET: "a session secret of the tests",
  };
  const settings = readSettings({
    ...{ ORDER_WEBHOOK_SECRET: SECRET, SHOP_ORIGIN: origin, DOORBUSTER_URL: url },
    ...secrets,
    ...more,
  });
  server.removeAllListeners("request").on("request", createShop(settings));
}

/** Opens the shop's page of a sale, and signs in there. */
async function open(stage: Stage, saleId: string, name?: string): Promise<Page> {
  const person = await stage.person();
  await person.reach(origin, (route) => route.continue());
  const page = await person.open(`${origin}/?sale=${saleId}`);
  if (name !== undefined) await signIn(page, name);
  return page;
}

/** Reserves the chosen item, reloads the page, is declined once, and pays. */
async function buyPaid(page: Page): Promise<void> {
  await press(page, "Reserve");
  await shows(page, /^Reserved for \d:\d\d$/);
  await page.reload();
  await shows(page, /^Reserved for \d:\d\d$/);
  await press(page, "Pay with a card that is declined");
  await shows(page, /^The card was declined/);
  await press(page, "Pay with a card that works");
  await shows(page, "It is yours. Thank you!");
}

inBrowser(
  "the example shop",
  (stage) => {
    beforeAll(() => serve(stage()));

    test("sells a paid item to a newcomer who runs `npm run example`", async () => {
      const example = startDev({ PORT: "0", SHOP_PORT: "0" }, "example");
      onTestFinished(async () => expect(await example.interrupt()).toBe(0));
      const url = await example.ready;
      const shop = /^Example shop on (\S+)$/m.exec(example.output())?.[1] ?? "";
      const person = await stage().person();
      for (const each of [url, shop]) await person.reach(each, (route) => route.continue());
      const page = await person.open(shop);
      await signIn(page, "alice");
      await page.getByRole("radio", { name: /^L:/ }).check();
      await buyPaid(page);
      await shows(page, /^order\.confirmed: Dock jacket L/);
      const jackets = new Client(url, LOCAL_ADMIN_TOKEN).ledger("jacket-l");
      expect(await jackets).toMatchObject({ sold: 1, held: 0 });

      await page.goto(`${shop}/element`);
      await press(page, "Buy");
      await page.getByRole("link", { name: "Pay now" }).click();
      await press(page, "Pay with a card that works");
      await shows(page, /^order\.confirmed: Dockside Low/);
    });

    test("tells a buyer that the hold has ended, and sells again", async () => {
      const { saleId } = await stage().onSale({ ...PAID, holdSeconds: 4 });
      const page = await open(stage(), saleId, "late");
      await press(page, "Reserve");
      await shows(page, "Your reservation has ended. Nothing was charged.");
      await shows(page, /^order\.expired: Thing/);
      await page.getByRole("button", { name: "Reserve" }).waitFor();
    });

    test("says what is sold out, and shows the words of a sale as text", async () => {
      const title = "<img src=x onerror=alert(1)> & <b>bold</b>";
      const { saleId, skuId } = await stage().onSale({ stock: 1 }, { more: { title } });
      const { token } = expectOk(await stage().client.login("faster"));
      expectOk(await stage().client.order(skuId, "last-unit", { token }));
      const page = await open(stage(), saleId, "slower");
      await page.getByRole("heading", { name: title }).waitFor();
      await shows(page, "sold out");
      await press(page, "Reserve");
      await shows(page, "Sold out. Somebody was faster.");
      expect(await page.locator("main img, main b").count()).toBe(0);
    });

    test("waits in line with its buyer, and buys at their turn", async () => {
      const line = await lineSale(stage());
      await line.operate({ paused: true });
      const page = await open(stage(), line.saleId, "patient");
      await press(page, "Join the line");
      await shows(page, /^You are in line. 0 were before you. 1 waiting/);
      await line.operate({ paused: false });
      await shows(page, "It is yours. Thank you!");
    });

    test("asks to sign in, and sells nothing, to whoever is not signed in", async () => {
      const { saleId, skuId } = await stage().onSale();
      const page = await open(stage(), saleId);
      await press(page, "Reserve");
      await shows(page, "Sign in to buy.");
      expect(await stage().ledger(skuId)).toMatchObject({ held: 0, sold: 0 });
    });

    test("is accessible in every look", async () => {
      const { saleId } = await stage().onSale(PAID);
      const page = await open(stage(), saleId, "viewer");
      await check(page, "the offer");
      await press(page, "Reserve");
      await shows(page, /^Reserved for \d:\d\d$/);
      await check(page, "the hold");
    });
  },
  VARS,
);

inBrowser(
  "the example shop with its own checkout",
  (stage) => {
    beforeAll(() => serve(stage(), { MERCHANT_SECRET: SECRET }));

    test("charges, and reports what became of it", async () => {
      const { saleId, skuId } = await stage().onSale(PAID);
      const page = await open(stage(), saleId, "payer");
      await buyPaid(page);
      await shows(page, /^order\.confirmed: Thing/);
      expect(await stage().ledger(skuId)).toMatchObject({ sold: 1, held: 0 });
      expect(await payAgain(page)).toBe(409);
    });
  },
  { ...VARS, PAYMENTS: "external", CHECKOUT_URL: `${origin}/`, MERCHANT_SECRET: SECRET },
);

/** Sends the shop's checkout the order of a page once more. Returns the status of the answer. */
const payAgain = (page: Page) =>
  page.evaluate<number>(`fetch("/checkout", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ order: new URLSearchParams(location.search).get("order"), card: "works" }),
  }).then(({ status }) => status)`);
