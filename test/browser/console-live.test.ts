// The console during a live rehearsal: its figures are at most five seconds behind what is true, and end up equal to it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { LOCAL_ADMIN_TOKEN } from "../../src/local/settings.ts";
import { inBrowser, type Stage } from "./harness.ts";

const MAIN = resolve(import.meta.dirname, "../../src/local/rehearse/main.ts");
const STOCK = 60;
/** Promised: the console is at most this old. */
const BEHIND_MS = 5_000;
const SAMPLE_MS = 250;

interface Sample {
  at: number;
  available: number;
}

/** Records the available units on the page, each time they change. */
async function recordPage(page: Page): Promise<() => Promise<Sample[]>> {
  await page.evaluate(`(() => {
    window.seen = [];
    const look = () => {
      const cell = document.querySelector("[data-figures] tbody tr td");
      if (cell) window.seen.push({ at: Date.now(), available: Number(cell.innerText) });
    };
    look();
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
  })()`);
  return () => page.evaluate("window.seen");
}

/** Samples the ledger until the rehearsal is over. Returns its exit status too. */
async function recordRehearsal({ url, client }: Stage, skuId: string) {
  const argv = [MAIN, "--url", url, "--sku", skuId, "--buyers", "150", "--concurrency", "4"];
  const rehearsal = spawn(process.execPath, argv, { stdio: "ignore" });
  let status: number | undefined;
  const ended = once(rehearsal, "exit").then(([code]) => {
    status = code;
  });
  const ledger: Sample[] = [];
  while (status === undefined) {
    const asked = Date.now();
    ledger.push({ at: asked, available: (await client.ledger(skuId)).available });
    await Promise.race([setTimeout(SAMPLE_MS), ended]);
  }
  return { status, ledger };
}

/** How long it took until the page showed what the ledger had at that time: the longest of all samples, in milliseconds. */
const longestDelay = (ledger: Sample[], page: Sample[]): number =>
  Math.max(
    ...ledger.map(({ at, available }) => {
      const shown = page.find((seen) => seen.available <= available);
      return Math.max(0, (shown?.at ?? Number.POSITIVE_INFINITY) - at);
    }),
  );

inBrowser("the console during a live rehearsal", (stage) => {
  test("is at most five seconds behind, and ends with the figures of the ledger", async () => {
    const { skuId, path } = await stage().onSale({ stock: STOCK, perUserLimit: 1 });
    const page = await (await stage().person()).open(`/admin${path}`);
    await page.getByLabel("token").fill(LOCAL_ADMIN_TOKEN);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.locator("[data-figures]").waitFor();
    const seen = await recordPage(page);
    const { status, ledger } = await recordRehearsal(stage(), skuId);
    expect(status).toBe(0);
    expect(ledger.at(-1)?.available).toBe(0);
    await expect.poll(async () => (await seen()).at(-1)?.available).toBe(0);
    expect(longestDelay(ledger, await seen())).toBeLessThanOrEqual(BEHIND_MS);
    const { sold, held } = await stage().ledger(skuId);
    const cells = page.locator("[data-figures] tbody tr").first().locator("td");
    await expect
      .poll(async () => (await cells.allInnerTexts()).slice(0, 3).map(Number))
      .toEqual([0, held, sold]);
  });
});
