// The ready room: what a visitor prepares before a sale opens, the press at the opening, and being told of a unit that comes back.
import type { Locator, Page } from "playwright-core";
import { expect, test } from "vitest";
import { answerDated, LIVE } from "./api-mocks.ts";
import { check } from "./axe.ts";
import { buyButton, inBrowser, orderIs, refocus } from "./harness.ts";
import { countRequests, runFor } from "./page-clock.ts";
import { onSaleInSizes } from "./products-scene.ts";

const HOUR_MS = 3_600_000;
const LATER = { opensIn: HOUR_MS, closesIn: 2 * HOUR_MS };
const FREE = { amount: 0, currency: "USD" };
const iso = (ms: number) => new Date(Date.now() + ms).toISOString();

const user = (page: Page) => page.locator("[data-ready-user]");
const note = (page: Page) => page.locator("[data-ready-note]");
const notify = (page: Page) => page.getByRole("button", { name: "Notify me when it opens" });
const tellMe = (page: Page) => page.getByRole("button", { name: "Tell me if one comes back" });
const hasFocus = (element: Locator) => element.evaluate((each) => each.matches(":focus"));

type Permission = "granted" | "denied" | "absent";

/** Replaces the browser's notifications. What they show is in `shown`. */
const notifications = (page: Page, permission: Permission) =>
  page.addInitScript(`{
    window.shown = [];
    window.Notification = class {
      static permission = "default";
      static async requestPermission() { return this.permission = "${permission}"; }
      constructor(title, { body } = {}) {
        if (Notification.permission === "granted") shown.push(title + ": " + body);
      }
    };
    if ("${permission}" === "absent") delete window.Notification;
  }`);
const shown = (page: Page) => page.evaluate<string[]>("shown");

/** Hides the tab, or shows it again. */
const hide = (page: Page, isHidden: boolean) =>
  page.evaluate(`{
    Object.defineProperty(document, "hidden", { value: ${isHidden}, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }`);

inBrowser("the ready room", (stage) => {
  /** A sale in sizes that opens in an hour. */
  const upcoming = () =>
    onSaleInSizes(stage(), {
      sku: () => ({ perUserLimit: 3, unitPrice: FREE }),
      sale: { opensAt: iso(HOUR_MS), closesAt: iso(2 * HOUR_MS) },
    });

  test.each([-HOUR_MS, HOUR_MS])(
    "one press at the opening buys what was chosen before, by keyboard alone, with a clock that is %d ms off",
    async (offMs) => {
      const { path, skuIds, change } = await upcoming();
      const visitor = await stage().person();
      const page = await visitor.open("/orders");
      await page.clock.install({ time: Date.now() + offMs });
      await page.goto(path);
      await page.getByRole("radio", { name: "42" }).press("Space");
      const offer = page.locator(`[data-sku="${skuIds[1]}"]`);
      const button = buyButton(offer);
      // The script of the picker shows the offer, once the page is idle.
      await button.waitFor();
      await offer.getByLabel("Quantity").press("2");
      // Until the script of the room is loaded, the link leads to a page of its own.
      await notify(page).waitFor();
      await page.getByRole("link", { name: "Sign in now and be ready" }).press("Enter");
      await page.getByLabel("Your name").fill(`ready ${offMs}`);
      await page.keyboard.press("Enter");
      await user(page).getByText(`You're signed in as`).waitFor();
      expect(await hasFocus(user(page))).toBe(true);

      await page.reload();
      await user(page).getByText(`ready ${offMs}`).waitFor();
      await expect.poll(() => offer.getByLabel("Quantity").inputValue()).toBe("2");
      await button.waitFor();
      await button.focus();
      expect(await hasFocus(button)).toBe(true);
      await page.keyboard.press("Enter");
      await offer.getByText("Not open yet. Buying starts here automatically").waitFor();
      await change((sale) => ({ ...sale, opensAt: iso(2_000) }));
      await refocus(page);
      await offer.locator('[data-buy] button[aria-disabled="false"]').waitFor();
      expect(await page.locator("[data-announce]").textContent()).toBe("The sale is open.");
      expect(await offer.locator("[data-message]").textContent()).toBe("");
      expect(await hasFocus(button)).toBe(true);
      await page.keyboard.press("Enter");
      await orderIs(page, "confirmed");
      expect(await stage().ledger(skuIds[1] ?? "")).toMatchObject({ sold: 2 });
      expect(await page.locator("[data-ready-before]").isVisible()).toBe(false);
    },
  );

  test("is ready without JavaScript, too: the order form keeps the choice and waits", async () => {
    const { path, skuIds, change } = await upcoming();
    const page = await (await stage().person({ javaScriptEnabled: false })).open(path);
    await page.getByRole("link", { name: "Sign in now and be ready" }).click();
    await page.getByLabel("Your name").fill("plain");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("You're signed in as plain.").waitFor();
    await page.getByRole("link", { name: "Back to the sale" }).click();
    await page.locator("[data-option]", { hasText: "43" }).click();
    await page.getByLabel("Quantity").first().selectOption("2");
    await page.locator("[data-unpicked] noscript button").click();
    await page.getByText("Runner 43 × 2").waitFor();
    await page.locator("noscript p", { hasText: "reloads itself" }).waitFor();
    expect(await page.getByRole("button", { name: "Confirm order" }).count()).toBe(0);
    const refresh = page.locator('meta[http-equiv="refresh"]');
    expect(Number(await refresh.getAttribute("content"))).toBeLessThanOrEqual(3_600);
    await change((sale) => ({ ...sale, opensAt: iso(-1_000) }));
    const confirm = page.getByRole("button", { name: "Confirm order" });
    await expect.poll(() => page.reload().then(() => confirm.count())).toBe(1);
    await confirm.click();
    await page.getByRole("heading", { name: "Order confirmed" }).waitFor();
    expect(await stage().ledger(skuIds[2] ?? "")).toMatchObject({ sold: 2 });
  });

  test("offers the opening as a calendar file", async () => {
    const { path, saleId } = await stage().onSale({}, LATER);
    const page = await (await stage().person()).open(path);
    const loading = page.waitForEvent("download");
    await page.getByRole("link", { name: "Remind me by calendar" }).click();
    expect((await loading).suggestedFilename()).toBe(`${saleId}.ics`);
  });

  /** An upcoming sale on a page whose clock the test moves. */
  async function waiting(permission: Permission) {
    const sale = await stage().onSale({}, { ...LATER, more: { title: "A drop" } });
    const page = await (await stage().person()).open("/orders");
    await notifications(page, permission);
    // The server's time is that of the page, which the test moves.
    await page.addInitScript(`{
      const real = fetch;
      window.fetch = async (request) =>
        request.url.endsWith("/api/time") ? Response.json({ now: Date.now() }) : real(request);
    }`);
    await page.clock.install({ time: Date.now() });
    await page.goto(sale.path);
    await page.locator("[data-countdown-label]", { hasText: "Opens in" }).waitFor();
    const opensAt = Date.parse(
      (await page.locator("[data-sale]").getAttribute("data-opens-at")) ?? "",
    );
    await page.getByRole("link", { name: "Sign in now and be ready" }).waitFor();
    return { ...sale, page, opensAt };
  }

  test("notifies a hidden page a minute before the opening and at the opening, once each", async () => {
    const { page, opensAt } = await waiting("granted");
    expect(await shown(page)).toEqual([]);
    await notify(page).click();
    await note(page).getByText("Keep this page open.").waitFor();
    await hide(page, true);
    await page.clock.pauseAt(opensAt - 61_000);
    expect(await shown(page)).toEqual([]);
    await page.clock.runFor(2_000);
    await expect
      .poll(() => shown(page))
      .toEqual([expect.stringMatching(/^A drop: Opens in \d+ seconds\.$/)]);
    await page.clock.runFor(60_000);
    await expect.poll(() => shown(page)).toHaveLength(2);
    await page.clock.runFor(10_000);
    expect((await shown(page))[1]).toBe("A drop: The sale is open.");
    expect(await shown(page)).toHaveLength(2);
  });

  test("says so if notifications are denied, and offers none where there are none", async () => {
    const denied = (await waiting("denied")).page;
    await notify(denied).click();
    await note(denied).getByText("Your browser doesn't allow notifications here.").waitFor();
    const absent = (await waiting("absent")).page;
    await absent.getByText("You're signed in").or(absent.locator("[data-ready-sign-in]")).waitFor();
    expect(await notify(absent).count()).toBe(0);
  });

  test("asks the server for nothing at the opening", async () => {
    const { page, opensAt } = await waiting("granted");
    await notify(page).click();
    await page.clock.pauseAt(opensAt - 30_000);
    await page.clock.runFor(29_000);
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.clock.runFor(1_900);
    await page.locator('[data-buy] button[aria-disabled="false"]').waitFor();
    // The look that every page takes about twice a minute may be due.
    expect(asked.filter((url) => !url.endsWith("/live"))).toEqual([]);
    expect(asked.length).toBeLessThan(2);
  });

  /** A sold-out sale on a page whose clock the test moves. `looks`: how often it asked for the live answer. */
  async function soldOut() {
    const sale = await stage().onSale({ stock: 1 });
    const buyer = await stage().person();
    await buyer.signIn("first");
    const theirs = await buyer.open(sale.path);
    await buyButton(theirs).click();
    await orderIs(theirs, "confirmed");
    const page = await (await stage().person()).open("/orders");
    await notifications(page, "granted");
    await countRequests(page);
    await page.clock.install({ time: Date.now() });
    let looks = 0;
    await page.route(LIVE, async (route) => {
      looks += 1;
      // As current as the page, whose clock runs ahead.
      const now = new Date(await page.evaluate<number>("Date.now()"));
      await answerDated(route, (live) => ({ ...live, asOf: now.toISOString() }), now);
    });
    await page.goto(sale.path);
    await page.locator('[data-badge="sold_out"]').waitFor();
    return { ...sale, page, looks: () => looks };
  }

  test("a sold-out sale counts nothing down and asks for nothing", async () => {
    const { page, looks } = await soldOut();
    await tellMe(page).waitFor();
    expect(await page.locator("[data-countdown-label]").textContent()).toBe("Ends");
    // What was due before the page knew.
    await runFor(page, 10_000);
    const [digits, before] = [await page.locator("[data-digits]").textContent(), looks()];
    await runFor(page, 300_000);
    expect(looks()).toBe(before);
    expect(await page.locator("[data-digits]").textContent()).toBe(digits);
  });

  test("tells a visitor who asked, even on a hidden page, that a unit came back", async () => {
    const { page, change, looks } = await soldOut();
    await tellMe(page).click();
    await page.getByText("nothing is reserved for you").waitFor();
    expect(await tellMe(page).getAttribute("aria-pressed")).toBe("true");
    await hide(page, true);
    await change((document) => ({
      ...document,
      skus: document.skus.map((sku) => ({ ...sku, stock: 2 })),
    }));
    const before = looks();
    await expect
      .poll(() => runFor(page, 5_000).then(() => shown(page)))
      .toEqual([expect.stringContaining("More units are available.")]);
    expect(looks() - before).toBeLessThan(60);
    expect(await page.locator("[data-announce]").textContent()).toBe("More units are available.");
    expect(await page.title()).toMatch(/^Open now: /);
    await hide(page, false);
    await page.locator('[data-buy] button[aria-disabled="false"]').waitFor();
  });

  test("fits, and passes axe, in all looks and languages", async () => {
    const title = "حذاء رياضي إصدار محدود";
    const sale = await onSaleInSizes(stage(), {
      sale: { opensAt: iso(HOUR_MS), closesAt: iso(2 * HOUR_MS), title },
      sku: () => ({ perUserLimit: 3 }),
    });
    const visitor = await stage().person({ reducedMotion: "reduce" });
    const page = await visitor.open(`${sale.path}?lang=ja`);
    for (const language of ["ja", "de"]) {
      await page.goto(`${sale.path}?lang=${language}`);
      await page.locator("[data-ready-notify]").click();
      await page.locator("[data-ready-note]:not(:empty)").waitFor();
      await check(page, `before the opening, ${language}`);
    }
    await visitor.signIn("a-long-name-".repeat(9));
    await page.goto(sale.path);
    await user(page).waitFor();
    await check(page, "signed in");
    await page.goto(`${sale.path}/ready`);
    await check(page, "the page without JavaScript");
    await page.goto(`${sale.path}/skus/${sale.skuIds[0]}/buy?quantity=2`);
    await check(page, "the order form before the opening");
    const { path } = await stage().onSale({ stock: 0 });
    await page.goto(path);
    await page.locator("[data-ready-watch]").click();
    await page.locator("[data-ready-watching]:not(:empty)").waitFor();
    await check(page, "sold out");
  });
});
