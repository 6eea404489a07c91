// Signing in on the shop's own page: the link carries the return URL, the shop sets the session cookie, and the
// purchase continues on return.
import { expect, test } from "vitest";
import { LOCAL_AUTH_SECRET } from "../../src/local/settings.ts";
import { tokenSigner } from "../../src/local/tokens.ts";
import { buyButton, inBrowser, orderIs, type Person } from "./harness.ts";
import { joinLine, lineSale, standsAs, ticketIn } from "./line-scene.ts";

const SHOP = "https://shop.example";
const VARS = { DEMO_LOGIN: "false", PAYMENTS: "", LOGIN_URL: `${SHOP}/login?from=drops` };

inBrowser(
  "signing in on the shop's page",
  (stage) => {
    /** Fakes a shop that signs everybody in as `user`; returns the URLs it was called with. */
    async function shopSignsIn(visitor: Person, user: string): Promise<URL[]> {
      const calls: URL[] = [];
      await visitor.reach(SHOP, async (route) => {
        const url = new URL(route.request().url());
        calls.push(url);
        const context = route.request().frame().page().context();
        const value = await tokenSigner(LOCAL_AUTH_SECRET)(user);
        // In production the shop sets the cookie for a parent domain shared with this site.
        await context.addCookies([{ name: "session", value, url: stage().url, httpOnly: true }]);
        const location = url.searchParams.get("return_to") ?? "";
        await route.fulfill({ status: 303, headers: { location } });
      });
      return calls;
    }

    test.each([true, false])(
      "returns the buyer and completes the purchase (JavaScript: %s)",
      async (javaScriptEnabled) => {
        const { path, skuId } = await stage().onSale();
        const visitor = await stage().person({ javaScriptEnabled });
        const calls = await shopSignsIn(visitor, `shopper-${javaScriptEnabled}`);
        const page = await visitor.open(path);
        if (javaScriptEnabled) await page.locator('[aria-disabled="false"]').waitFor();
        await buyButton(page).click();
        await page.getByRole("link", { name: "Sign in" }).click();
        if (!javaScriptEnabled) await page.getByRole("button", { name: "Confirm order" }).click();
        await page.locator(".order").waitFor();
        const back = javaScriptEnabled ? path : `${path}/skus/${skuId}/buy?quantity=1`;
        expect(calls.map(({ searchParams }) => Object.fromEntries(searchParams))).toEqual([
          { from: "drops", return_to: stage().url + back },
        ]);
        if (javaScriptEnabled) await orderIs(page, "confirmed");
        expect(await stage().ledger(skuId)).toMatchObject({ available: 19 });
        await page.goto("/orders");
        expect(await page.getByRole("button", { name: "Sign out" }).count()).toBe(0);
      },
    );

    test("returns a visitor who joins a line, and joins it", async () => {
      const sale = await lineSale(stage());
      const visitor = await stage().person();
      await shopSignsIn(visitor, "joiner");
      const page = await visitor.open(sale.path);
      await joinLine(page);
      await page.getByRole("link", { name: "Sign in" }).click();
      await standsAs(page, "admitted");
    });

    test("does not join a line after a sign-in that was canceled", async () => {
      const sale = await lineSale(stage());
      const visitor = await stage().person();
      await shopSignsIn(visitor, "canceler");
      const page = await visitor.open(sale.path);
      await joinLine(page);
      await page.getByRole("button", { name: "Cancel" }).click();
      await page.goto(`${SHOP}/login?return_to=${stage().url}${sale.path}`);
      await standsAs(page, "apart");
      expect(await ticketIn(page, sale.saleId)).toBeUndefined();
    });

    test("keeps the place that a link carries to another device", async () => {
      const sale = await lineSale(stage());
      const [phone, laptop] = [await stage().person(), await stage().person()];
      await shopSignsIn(phone, "traveler");
      await shopSignsIn(laptop, "traveler");
      const page = await phone.open(sale.path);
      await joinLine(page);
      await page.getByRole("link", { name: "Sign in" }).click();
      await standsAs(page, "admitted");
      const ticket = await ticketIn(page, sale.saleId);
      const other = await laptop.open(`${sale.path}#ticket=${ticket}`);
      await other.getByRole("link", { name: "Sign in" }).click();
      await standsAs(other, "admitted");
      expect(await ticketIn(other, sale.saleId)).toBe(ticket);
    });
  },
  VARS,
);
