// The sale page while it is open: it follows changes of times and stock, and never shows stale ones as current.
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { changeLive, inTurn, LIVE, ORDERS, refuse } from "./api-mocks.ts";
import { buyButton, inBrowser, orderIs, PAID, refocus, says } from "./harness.ts";

const HOUR_MS = 3_600_000;
const canBuy = (page: Page) => page.locator('[data-buy] button[aria-disabled="false"]').waitFor();
const badgeIs = (page: Page, text: string) =>
  page.locator("[data-badge]", { hasText: text }).waitFor();
const notice = (page: Page, text: string) =>
  page.locator(".notices p", { hasText: text }).waitFor();
const left = (page: Page) => page.locator("[data-left]").textContent();
const top = async (page: Page) => (await buyButton(page).boundingBox())?.y;

inBrowser("the sale page", (stage) => {
  /** A signed-in buyer on the home page, about to open the sale page. */
  async function visitor(user: string, ...what: Parameters<ReturnType<typeof stage>["onSale"]>) {
    const sale = await stage().onSale(...what);
    const buyer = await stage().person();
    await buyer.signIn(user);
    return { ...sale, buyer, page: await buyer.open("/") };
  }

  test("follows changed opening times in both directions", async () => {
    const { page, path } = await visitor("moved");
    let opensAt = new Date(Date.now() + HOUR_MS).toISOString();
    await changeLive(page, (live) => ({ ...live, opensAt }));
    await page.goto(path);
    await badgeIs(page, "Opens soon");
    opensAt = new Date(Date.now() - HOUR_MS).toISOString();
    await refocus(page);
    await canBuy(page);
  });

  test("closes and explains itself when the sale was removed", async () => {
    const { page, path } = await visitor("taken-off");
    await page.route(LIVE, (route) => refuse(route, 404, "not_found"));
    await page.goto(path);
    await notice(page, "This sale was removed");
    await badgeIs(page, "Removed");
    // The sale's times are still in the future but no longer apply.
    expect(await page.locator("main").innerText()).not.toMatch(/Ended|Ends|Opens/);
    expect(await page.title()).toMatch(/^Removed: /);
    expect(await buyButton(page).textContent()).toBe("Sale ended");
  });

  test("stays closed after the server refuses an order, even if the local clock disagrees", async () => {
    const { page, path } = await visitor("late", {}, { closesIn: 600_000 });
    await page.goto(path);
    await canBuy(page);
    const closesAt = new Date(Date.now() - 1_000).toISOString();
    await inTurn(page, ORDERS, (route) => refuse(route, 410, "sale_closed", { closesAt }));
    await page.route(LIVE, (route) => route.abort());
    await buyButton(page).click();
    await says(page, "This sale has ended");
    await badgeIs(page, "Ended");
    await page.getByRole("button", { name: "Sale ended" }).waitFor();
    await refocus(page);
    expect(await buyButton(page).textContent(), "after a repaint").toBe("Sale ended");
  });

  test("offers another unit up to the purchase limit, then states the limit", async () => {
    const { page, path } = await visitor("greedy", { perUserLimit: 3 });
    await page.goto(path);
    await canBuy(page);
    await page.getByLabel("Quantity").selectOption("2");
    await buyButton(page).click();
    await page.getByRole("button", { name: "Buy another" }).waitFor();
    expect(await page.locator("option:disabled").allTextContents()).toEqual(["2", "3"]);
    expect(await page.getByLabel("Quantity").inputValue()).toBe("1");
    await buyButton(page).click();
    await page.getByText("You've reached the limit of 3 per person.").waitFor();
    expect(await buyButton(page).isVisible()).toBe(false);
    expect(await page.locator(".terms").textContent()).toContain("Limit 3 per person");
  });

  test("tells a buyer at the limit that they already have the item and shows their order", async () => {
    const { page, path } = await visitor("elsewhere");
    await page.goto(path);
    await canBuy(page);
    await buyButton(page).click();
    await orderIs(page, "confirmed");
    const device = await stage().person();
    await device.signIn("elsewhere");
    const other = await device.open(path);
    await canBuy(other);
    await buyButton(other).click();
    await says(other, "You've reached the limit of 1 per person.");
    await other.getByText("You already have this").waitFor();
    await orderIs(other, "confirmed");
  });

  test("does not move the Buy button when the countdown starts or the sale opens", async () => {
    const { page, path } = await visitor("steady", {}, { opensIn: 5_000 });
    const plain = await stage().person({ javaScriptEnabled: false });
    const rendered = await plain.open(path);
    await page.goto(path);
    const [before, counting] = [await top(rendered), await top(page)];
    await canBuy(page);
    await page.locator("[data-countdown-label]", { hasText: "Ends in" }).waitFor();
    expect([counting, await top(page)]).toEqual([before, before]);
  });

  test("explains a press of a disabled Buy button, by keyboard as well", async () => {
    const { page, path } = await visitor("eager", {}, { opensIn: HOUR_MS, closesIn: 2 * HOUR_MS });
    await page.goto(path);
    await page.locator('[aria-disabled="true"]').waitFor();
    await buyButton(page).focus();
    await page.keyboard.press("Enter");
    await says(page, "starts here automatically");
  });

  test("offers a reload when the page is older than the sale", async () => {
    const { page, path } = await visitor("outdated");
    let revision = Number.MAX_SAFE_INTEGER;
    await changeLive(page, (live) => ({ ...live, revision }));
    await page.goto(path);
    await notice(page, "This sale has changed.");
    revision = 1;
    await page.getByRole("button", { name: "Reload the page" }).click();
    await canBuy(page);
    await page.locator("[data-countdown-label]", { hasText: "Ends in" }).waitFor();
    expect(await page.getByText("This sale has changed.").isVisible()).toBe(false);
  });

  test("waits for the server after device sleep before it shows stock", async () => {
    const { page, path } = await visitor("asleep");
    await page.goto(path);
    await canBuy(page);
    const { promise: awake, resolve: wake } = Promise.withResolvers<void>();
    await page.route(LIVE, (route) => awake.then(() => route.continue()));
    await page.evaluate("{ const real = Date.now; Date.now = () => real() + 7_200_000; }");
    await page.getByRole("button", { name: "One moment…" }).waitFor();
    expect([await left(page), await page.locator("[data-digits]").textContent()]).toEqual([
      "",
      "…",
    ]);
    wake();
    await canBuy(page);
    await badgeIs(page, "Open now");
  });

  test.each([
    [320, 640],
    [390, 844],
    [844, 390],
    [1280, 720],
  ])("shows the Buy button without scrolling at %d by %d", async (width, height) => {
    const { path } = await stage().onSale(PAID);
    const visitor = await stage().person({ viewport: { width, height } });
    const page = await visitor.open(path);
    await canBuy(page);
    const box = await buyButton(page).boundingBox();
    expect((box?.y ?? height) + (box?.height ?? 0)).toBeLessThanOrEqual(height);
  });

  test("falls back to the default artwork when the shop's picture fails to load", async () => {
    const imageUrl = "https://pictures.example/shoe.jpg";
    const { path } = await stage().onSale(
      {},
      { more: { imageUrl, theme: { imageAlt: "A shoe" } } },
    );
    const visitor = await stage().person();
    await visitor.reach("https://pictures.example", (route) => route.abort());
    const page = await visitor.open(path);
    await page.locator(".hero img").waitFor({ state: "detached" });
    expect(await page.locator(".hero .art").isVisible()).toBe(true);
  });
});
