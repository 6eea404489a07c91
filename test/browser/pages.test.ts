// The pages of a deployment with a theme of its own, in the languages of its buyers: the choice of a language, layouts from right to
// left, and Japanese and Arabic texts at every size.
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { check } from "./axe.ts";
import { buyButton, inBrowser, orderIs, PAID, type Person } from "./harness.ts";
import { onSaleInSizes } from "./products-scene.ts";

const BRAND = "https://brand.test";
const THEME = {
  name: "Harbor",
  // Hard to read on white, and with white on it.
  accent: "#ffd400",
  seller: "Harbor Roasters",
  links: [{ label: "Terms", url: `${BRAND}/terms` }],
};
const ARABIC = {
  title: "تخفيضات الربيع: أحذية الجري الأصلية",
  description: "أحذية **خفيفة** للجري.\n\n| المقاس | الطول |\n| --- | --- |\n| 42 | 27 سم |",
  language: "ar",
};
const JAPANESE = {
  title: "春のフラッシュセール：限定ランニングシューズ",
  description:
    "**軽量**のランニングシューズです。\n\n| サイズ | 長さ |\n| --- | --- |\n| 42 | 27 cm |",
  language: "ja",
};

const languageOf = (page: Page) => page.locator("html").getAttribute("lang");
const timezoneId = "Asia/Tokyo";
/** Waits until the script of a page has written its times in the time zone of the visitor. */
const awake = (page: Page) => page.locator("[data-zone]", { hasText: timezoneId }).waitFor();
const choose = (page: Page, name: string) =>
  page.locator(".languages").getByRole("link", { name, exact: true }).click();
const remembered = async (page: Page) =>
  (await page.context().cookies()).find(({ name }) => name === "lang")?.value;

/** Shows a small picture for every logo. */
const showLogos = (visitor: Person) =>
  visitor.reach(BRAND, (route) =>
    route.fulfill({
      contentType: "image/svg+xml",
      body: '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="30"><rect width="90" height="30" fill="#246"/></svg>',
    }),
  );

inBrowser(
  "pages",
  (stage) => {
    test("follow the browser's language, then the choice on this site, and no link from elsewhere", async () => {
      const { path } = await stage().onSale();
      const page = await (await stage().person({ locale: "de-AT", timezoneId })).open(path);
      await page.waitForURL(/lang=de/);
      expect([await languageOf(page), await remembered(page)]).toEqual(["de", undefined]);
      await choose(page, "Français");
      await expect.poll(() => remembered(page)).toBe("fr");
      for (const shared of ["ja", "zz"]) {
        await page.goto(`${path}?lang=${shared}`);
        await awake(page);
        await page.goto(`/orders?lang=${shared}`);
        expect(await remembered(page)).toBe("fr");
      }
      await page.goto("/orders");
      expect(await languageOf(page)).toBe("fr");
      await page.goto(path);
      await page.waitForURL(/lang=fr/);
      await choose(page, "Deutsch");
      await expect.poll(() => remembered(page)).toBe("de");
    });

    test("keep a choice without JavaScript", async () => {
      const { path } = await stage().onSale();
      const visitor = await stage().person({ javaScriptEnabled: false, locale: "es-MX" });
      const page = await visitor.open(path);
      expect(await languageOf(page)).toBe("en");
      await choose(page, "日本語");
      await page.getByRole("link", { name: "注文一覧" }).click();
      await page.getByRole("heading", { level: 1, name: "ログイン" }).waitFor();
      expect(await remembered(page)).toBe("ja");
      await page.goto("/nowhere");
      expect(await languageOf(page)).toBe("ja");
      await choose(page, "Español");
      await page.goto("/nowhere");
      expect(await languageOf(page)).toBe("es");
    });

    test("run from right to left for readers of an Arabic sale, and for others in their language", async () => {
      const { path } = await stage().onSale(PAID, { more: ARABIC });
      const reader = await stage().person({
        locale: "ar-EG",
        viewport: { width: 390, height: 800 },
      });
      await reader.signIn("layla");
      const page = await reader.open(path);
      await buyButton(page).click();
      await orderIs(page, "reserved");
      const side = async (selector: string) => {
        const box = await page.locator(selector).boundingBox();
        return box && box.x + box.width / 2 > 195 ? "right" : "left";
      };
      expect([await side(".brand"), await side(".badge"), await side(".price")]).toEqual([
        "right",
        "right",
        "left",
      ]);
      await page.getByRole("link", { name: "View your order" }).click();
      await page.locator('html[dir="rtl"] .order').waitFor();
      await page.goto("/orders");
      expect([await side("main h1"), await side(".order-line .price")]).toEqual(["right", "left"]);
      const other = await (await stage().person({ locale: "en-GB" })).open(path);
      await other.waitForURL(/lang=en/);
      expect(await other.locator("html").getAttribute("dir")).toBe("ltr");
      expect(
        await other
          .locator("h1")
          .evaluate(
            (title: { closest(of: string): { dir: string } }) => title.closest("[dir]").dir,
          ),
      ).toBe("rtl");
    });

    test.each([
      ["Japanese", JAPANESE, "ja-JP", "ランニングシューズ"],
      ["Arabic", ARABIC, "ar-EG", "حذاء الجري الأصلي"],
    ])("pass axe and fit every screen with texts in %s", async (_, more, locale, name) => {
      const user = `reader-${locale}`;
      const { path, skuId } = await stage().onSale({ ...PAID, name, perUserLimit: 3 }, { more });
      const sized = await onSaleInSizes(stage(), { product: { name }, sale: more });
      const visitor = await stage().person({ locale, timezoneId });
      const page = await visitor.open("/");
      for (const at of ["/", "/orders", "/nowhere", path, sized.path]) {
        await page.goto(at);
        await awake(page);
        await check(page, at);
      }
      await visitor.signIn(user);
      await page.goto(`${path}/skus/${skuId}/buy`);
      await check(page, "the order form");
      await page.locator("form.stack button").click();
      await orderIs(page, "reserved");
      await check(page, "an order");
      await page.goto("/orders");
      await check(page, "my orders");
    });

    test("have the deployment's theme, overridden by a sale's", async () => {
      const theme = { accent: "#0b6b3a", logoUrl: `${BRAND}/logo.svg`, logoAlt: "Pier" };
      const { path } = await stage().onSale(PAID, { more: { theme } });
      const visitor = await stage().person();
      await showLogos(visitor);
      const page = await visitor.open("/");
      const accent = () =>
        page.evaluate<string>(
          "getComputedStyle(document.documentElement).getPropertyValue('--accent')",
        );
      for (const at of ["/", "/orders", "/nowhere"]) {
        await page.goto(at);
        expect([at, await page.locator(".brand").innerText(), await accent()]).toEqual([
          at,
          "Harbor",
          THEME.accent,
        ]);
        await page.locator(`.foot a[href="${BRAND}/terms"]`).waitFor();
      }
      await page.goto(path);
      expect([await page.getByRole("link", { name: "Pier" }).count(), await accent()]).toEqual([
        1,
        theme.accent,
      ]);
      await page.getByText("Sold by Harbor Roasters").first().waitFor();
      await check(page, "a sale with a theme of its own");
    });
  },
  { THEME: JSON.stringify(THEME) },
);
