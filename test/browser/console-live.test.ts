// The console during a live rehearsal: its figures follow the ledger. `test/admin/live.test.ts` tests how new they are.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { LOCAL_ADMIN_TOKEN } from "../../src/local/settings.ts";
import { inBrowser, type Stage } from "./harness.ts";

const MAIN = resolve(import.meta.dirname, "../../src/local/rehearse/main.ts");
const STOCK = 60;

/** Records the available units on the page, each time they change. */
async function recordPage(page: Page): Promise<() => Promise<number[]>> {
  await page.evaluate(`(() => {
    window.seen = [];
    const look = () => {
      const cell = document.querySelector("[data-figures] tbody tr td");
      if (cell) window.seen.push(Number(cell.innerText));
    };
    look();
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
  })()`);
  return () => page.evaluate("window.seen");
}

/** Sells the SKU out to a crowd. Returns the exit status. */
async function rehearse({ url }: Stage, skuId: string): Promise<number> {
  const argv = [MAIN, "--url", url, "--sku", skuId, "--buyers", "150", "--concurrency", "4"];
  const [code] = await once(spawn(process.execPath, argv, { stdio: "ignore" }), "exit");
  return code;
}

inBrowser("the console during a live rehearsal", (stage) => {
  test("never shows older figures after newer ones, and ends with those of the ledger", async () => {
    const { skuId, path } = await stage().onSale({ stock: STOCK, perUserLimit: 1 });
    const page = await (await stage().person()).open(`/admin${path}`);
    await page.getByLabel("token").fill(LOCAL_ADMIN_TOKEN);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.locator("[data-figures]").waitFor();
    const seen = await recordPage(page);
    expect(await rehearse(stage(), skuId)).toBe(0);
    await expect.poll(async () => (await seen()).at(-1)).toBe(0);
    const units = await seen();
    expect(units).toEqual(units.toSorted((a, b) => b - a));
    const { sold, held } = await stage().ledger(skuId);
    const cells = page.locator("[data-figures] tbody tr").first().locator("td");
    await expect
      .poll(async () => (await cells.allInnerTexts()).slice(0, 3).map(Number))
      .toEqual([0, held, sold]);
  });
});
