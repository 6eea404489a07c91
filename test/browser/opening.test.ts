// The moment a sale opens, on a page that waits for it. The page's clock is in the hands of the test, and
// so is the server's time as the page is told it: whole seconds in headers, milliseconds at /api/time.
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { answerDated, LIVE } from "./api-mocks.ts";
import { buyButton, inBrowser } from "./harness.ts";

const SECOND = 1_000;
/** The visitor's clock is wrong by this much. */
const SKEW_MS = 3_600_700;
/** The page may open this much late. */
const LATE_MS = 50;

const isOpen = async (page: Page) =>
  (await buyButton(page).getAttribute("aria-disabled")) === "false";

inBrowser("an opening", (stage) => {
  /** A page whose clock stands still, 30 seconds before its sale opens on the server's clock. */
  async function waiting(time: "is told" | "cannot be asked") {
    const opensIn = 60_000 - (Date.now() % SECOND) + 250; // no whole second
    const { path } = await stage().onSale({}, { opensIn });
    const page = await (await stage().person()).open("/orders");
    const serverNow = () => page.evaluate<number>(`Date.now() + ${SKEW_MS}`);
    await page.route(LIVE, async (route) => {
      const second = Math.floor((await serverNow()) / SECOND) * SECOND;
      const asOf = new Date(second).toISOString();
      await answerDated(route, (live) => ({ ...live, asOf }), new Date(second));
    });
    await page.addInitScript(`{
      const real = fetch;
      window.asked = 0;
      window.fetch = async (request) => {
        if (!request.url.endsWith("/api/time")) return real(request);
        window.asked += 1;
        if (${time === "cannot be asked"}) throw new TypeError("Failed to fetch");
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

  /** Lets the page's time go on to this moment of the server's, in steps that answers can keep up with. */
  async function goTo(page: Page, moment: number, serverNow: () => Promise<number>) {
    for (let now = await serverNow(); now < moment; now = await serverNow()) {
      await page.clock.runFor(Math.min(100, moment - now));
    }
  }

  test("comes to the millisecond that the server named, however wrong the visitor's clock", async () => {
    const { page, opensAt, serverNow } = await waiting("is told");
    await goTo(page, opensAt - 1, serverNow);
    expect(await page.evaluate("asked")).toBe(4);
    expect(await isOpen(page)).toBe(false);
    await goTo(page, opensAt + LATE_MS, serverNow);
    expect(await isOpen(page)).toBe(true);
    expect(await page.locator("[data-announce]").textContent()).toBe("The sale is open.");
  });

  test("comes by the other answers' dates where the time cannot be asked", async () => {
    const { page, opensAt, serverNow } = await waiting("cannot be asked");
    await goTo(page, opensAt - 1, serverNow);
    expect(await isOpen(page)).toBe(false);
    await goTo(page, opensAt + 2 * SECOND, serverNow);
    expect(await isOpen(page)).toBe(true);
  });
});
