// A preview link in a browser: from the console to the page, and through its states without JavaScript on a small screen.
import { expect, test } from "vitest";
import type { PreviewLink } from "../../src/admin/preview-links.ts";
import { LOCAL_ADMIN_TOKEN } from "../../src/local/settings.ts";
import { check } from "./axe.ts";
import { signIn } from "./console-scene.ts";
import { inBrowser, PAID } from "./harness.ts";

/** The links of the states, and what the page's button says then. */
const STATES = Object.entries({
  "Opens soon": "Not open yet",
  "Open now": "Buy now",
  "Only 3 left": "Buy now",
  "All reserved": "Try to get one",
  "Sold out": "Sold out",
  Paused: "Paused",
  Ended: "Sale ended",
});

inBrowser("a preview link", (stage) => {
  test("is made in the console, shows every state, and sells nothing", async () => {
    const { saleId } = await stage().onSale(PAID);
    const operator = await stage().person();
    const made = await signIn(operator, LOCAL_ADMIN_TOKEN, `/admin/sales/${saleId}`);
    await made.getByRole("link", { name: "Preview link" }).click();
    await made.getByRole("button", { name: "Make a link" }).click();
    await check(made, "the page with a link");
    const link = await made.getByLabel("Copy it now").inputValue();
    expect(made.url()).not.toContain("token=");
    const { pathname, search } = new URL(link);
    const visitor = await stage().person({ viewport: { width: 320, height: 640 } });
    const page = await visitor.open(pathname + search);
    const states = page.getByRole("navigation", { name: "States of the sale" });
    for (const [name, button] of STATES) {
      await states.getByRole("link", { name }).click();
      await states.locator("[aria-current]", { hasText: name }).waitFor();
      await page.getByRole("button", { name: button }).first().click({ force: true });
      expect(new URL(page.url()).pathname).toBe(pathname);
    }
    const plain = await (await stage().person({ javaScriptEnabled: false })).open(
      pathname + search,
    );
    await plain.getByRole("link", { name: "Sold out" }).click();
    await plain.getByText("Nothing can be bought here.").waitFor();
    expect(await plain.locator("form").count()).toBe(0);
  });

  test("can be read by everybody, on a small screen and a large one", async () => {
    const { saleId } = await stage().onSale(PAID);
    const made = await stage().client.admin<PreviewLink>(
      "POST",
      `/sales/${saleId}/preview-links`,
      {},
    );
    const page = await (await stage().person()).open("/");
    // The policy of a preview keeps axe from running as well.
    await page.route("**/preview?*", async (route) => {
      const response = await route.fetch();
      const headers = response.headers();
      const policy = headers["content-security-policy"]?.replace("; sandbox", "") ?? "";
      await route.fulfill({
        response,
        headers: { ...headers, "content-security-policy": policy },
      });
    });
    for (const state of ["soon", "few", "sold_out"]) {
      await page.goto(`${made.body.url}&state=${state}`);
      await check(page, `the preview: ${state}`);
    }
  });
});
