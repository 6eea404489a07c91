// The moment a sale opens, on a page that is waiting for it. The test controls the page's clock and the server
// time that the page receives: whole seconds in headers, milliseconds from /api/time.
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { answerDated, LIVE } from "./api-mocks.ts";
import { buyButton, inBrowser } from "./harness.ts";
import { countRequests, runFor } from "./page-clock.ts";

const SECOND = 1_000;
/** How far the visitor's clock is behind the server's. */
const SKEW_MS = 3_600_700;
/** How late the page may open. */
const LATE_MS = 50;

const isOpen = async (page: Page) =>
  (await buyButton(page).getAttribute("aria-disabled")) === "false";

inBrowser("the opening of a sale", (stage) => {
  /** A page with a paused clock, 30 seconds before its sale opens by the server's clock. */
  async function waiting(timeApi: "available" | "unavailable") {
    // Not on a whole second, and long before the page counts as forgotten.
    const opensIn = 240_000 - (Date.now() % SECOND) + 250;
    const { path } = await stage().onSale({}, { opensIn });
    const page = await (await stage().person()).open("/orders");
    await countRequests(page);
    const serverNow = () => page.evaluate<number>(`Date.now() + ${SKEW_MS}`);
    await page.route(LIVE, async (route) => {
      const second = Math.floor((await serverNow()) / SECOND) * SECOND;
      const asOf = new Date(second).toISOString();
      await answerDated(route, (live) => ({ ...live, asOf }), new Date(second));
    });
    await page.addInitScript(`{
      const real = fetch;
      window.timeRequests = 0;
      window.fetch = async (request) => {
        if (!request.url.endsWith("/api/time")) return real(request);
        window.timeRequests += 1;
        if (${timeApi === "unavailable"}) throw new TypeError("Failed to fetch");
        return Response.json({ now: Date.now() + ${SKEW_MS} });
      };
    }`);
    await page.clock.install({ time: Date.now() - SKEW_MS });
    await page.goto(path);
    const opensAt = Date.parse(
      (await page.locator("[data-sale]").getAttribute("data-opens-at")) ?? "",
    );
    await page.locator("[data-countdown-label]", { hasText: "Opens in" }).waitFor();
    await page.clock.pauseAt(opensAt - SKEW_MS - 30_000);
    return { page, opensAt, serverNow };
  }

  /** Advances the page's clock to this server time, in short steps, each of which waits for its answers. */
  async function advanceTo(page: Page, moment: number, serverNow: () => Promise<number>) {
    for (let now = await serverNow(); now < moment; now = await serverNow()) {
      await runFor(page, Math.min(100, moment - now));
    }
  }

  test("enables Buy within 50 ms of the server's opening time despite a wrong local clock", async () => {
    const { page, opensAt, serverNow } = await waiting("available");
    await advanceTo(page, opensAt - 1, serverNow);
    expect(await page.evaluate("timeRequests")).toBe(4);
    expect(await isOpen(page)).toBe(false);
    await advanceTo(page, opensAt + LATE_MS, serverNow);
    expect(await isOpen(page)).toBe(true);
    expect(await page.locator("[data-announce]").textContent()).toBe("The sale is open.");
  });

  test("falls back to the Date headers of other responses when the time API is down", async () => {
    const { page, opensAt, serverNow } = await waiting("unavailable");
    await advanceTo(page, opensAt - 1, serverNow);
    expect(await isOpen(page)).toBe(false);
    await advanceTo(page, opensAt + 2 * SECOND, serverNow);
    expect(await isOpen(page)).toBe(true);
  });
});
