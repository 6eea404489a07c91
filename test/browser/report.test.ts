// The page of the report in a browser: readable everywhere, printable, and its downloads work with the console's session.
import { readFile } from "node:fs/promises";
import type { JSONWebKeySet } from "jose";
import { expect, test } from "vitest";
import { verifyReport } from "../../src/admin/report/verify-report.ts";
import { LOCAL_ADMIN_TOKEN } from "../../src/local/settings.ts";
import { check } from "./axe.ts";
import { inBrowser } from "./harness.ts";

inBrowser("the report of a sale", (stage) => {
  /** Sells one unit, and opens the report of its sale. */
  async function openReport() {
    const { client, person, onSale } = stage();
    const { saleId, skuId } = await onSale();
    const { token } = (await client.login("ann")).body;
    expect((await client.order(skuId, "ann-order", { token })).status).toBe(202);
    const page = await (await person()).open(`/admin/sales/${saleId}/report`);
    await page.getByLabel("token").fill(LOCAL_ADMIN_TOKEN);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "What holds" }).waitFor();
    return { page, saleId };
  }

  test("is accessible in every look", async () => {
    const { page } = await openReport();
    await check(page, "the report");
  });

  test("prints without links and forms, and breaks no heading inside a word", async () => {
    const { page } = await openReport();
    await page.setViewportSize({ width: 794, height: 1123 }); // A4
    await page.emulateMedia({ media: "print" });
    const lines = await page.getByRole("columnheader", { name: "Stocked" }).evaluate((cell) => {
      const text = cell.ownerDocument.createRange();
      text.selectNodeContents(cell);
      return text.getClientRects().length;
    });
    expect(lines).toBe(1);
    expect(await page.getByRole("navigation").isVisible()).toBe(false);
    expect(await page.getByRole("link", { name: "CSV" }).isVisible()).toBe(false);
    expect(await page.getByText("Sold + held + available = stocked").first().isVisible()).toBe(
      true,
    );
  });

  test("is downloaded as a signed document that anyone can verify", async () => {
    const { page, saleId } = await openReport();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Signed JSON" }).click(),
    ]);
    const document = JSON.parse(await readFile(await download.path(), "utf8"));
    const keys = await page.evaluate<JSONWebKeySet>(
      "fetch('/api/report-keys').then((r) => r.json())",
    );
    expect((await verifyReport(document, keys)).sale.id).toBe(saleId);
  });
});
