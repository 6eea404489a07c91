// The documentation of the API in a browser without JavaScript: accessible, readable on a phone, and usable by keyboard.
import { expect, test } from "vitest";
import { check } from "./axe.ts";
import { inBrowser } from "./harness.ts";

inBrowser("the documentation", (stage) => {
  test("passes axe with everything open", async () => {
    const page = await (await stage().person()).open("/docs");
    await check(page, "the documentation");
    await page.evaluate(
      'for (const each of document.querySelectorAll("details")) each.open = true',
    );
    await check(page, "the documentation with everything open");
  });

  test("opens a route with the keyboard, without JavaScript", async () => {
    const page = await (await stage().person({ javaScriptEnabled: false })).open("/docs");
    const route = page.locator("summary", { hasText: "Reserve units" });
    const parameter = page.locator("#placeOrder").getByText("Idempotency-Retry", { exact: true });
    expect(await parameter.isVisible()).toBe(false);
    await route.focus();
    await page.keyboard.press("Enter");
    await parameter.waitFor();
  });
});
