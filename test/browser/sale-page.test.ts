// What the page of a sale says while it runs: times, stock and prices move under it, and it stays true.
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { changeLive, inTurn, LIVE, ORDERS, refuse } from "./api-mocks.ts";
import { buyButton, inBrowser, orderIs, PAID, says } from "./harness.ts";

const HOUR_MS = 3_600_000;
const canBuy = (page: Page) => page.locator('[data-buy] button[aria-disabled="false"]').waitFor();
const badgeIs = (page: Page, text: string) =>
  page.locator("[data-badge]", { hasText: text }).waitFor();
const notice = (page: Page, text: string) =>
  page.locator(".notices p", { hasText: text }).waitFor();
const left = (page: Page) => page.locator("[data-left]").textContent();
/** Looks at the page again. */
const look = (page: Page) => page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
const top = async (page: Page) => (await buyButton(page).boundingBox())?.y;

inBrowser("the page of a sale", (stage) => {
  /** Somebody signed in on a page that is not the sale's yet. */
  async function visitor(user: string, ...what: Parameters<ReturnType<typeof stage>["onSale"]>) {
    const sale = await stage().onSale(...what);
    const buyer = await stage().person();
    await buyer.signIn(user);
    return { ...sale, buyer, page: await buyer.open("/") };
  }

  test("takes its times from the live answer, forwards and back", async () => {
    const { page, path } = await visitor("moved");
    let opensAt = new Date(Date.now() + HOUR_MS).toISOString();
    await changeLive(page, (live) => ({ ...live, opensAt }));
    await page.goto(path);
    await badgeIs(page, "Opens soon");
    opensAt = new Date(Date.now() - HOUR_MS).toISOString();
    await look(page);
    await canBuy(page);
  });

  test("of a sale that was taken off is closed, and says why", async () => {
    const { page, path } = await visitor("taken-off");
    await page.route(LIVE, (route) => refuse(route, 404, "not_found"));
    await page.goto(path);
    await notice(page, "This sale was removed");
    await badgeIs(page, "Removed");
    // Its times are still ahead, and mean nothing any more.
    expect(await page.locator("main").innerText()).not.toMatch(/Ended|Ends|Opens/);
    expect(await page.title()).toMatch(/^Removed: /);
    expect(await buyButton(page).textContent()).toBe("Sale ended");
  });

  test("believes an order's refusal more than its own clock: closed stays closed", async () => {
    const { page, path } = await visitor("late", {}, { closesIn: 60_000 });
    await page.goto(path);
    await canBuy(page);
    const closesAt = new Date(Date.now() - 1_000).toISOString();
    await inTurn(page, ORDERS, (route) => refuse(route, 410, "sale_closed", { closesAt }));
    await page.route(LIVE, (route) => route.abort());
    await buyButton(page).click();
    await says(page, "This sale has ended");
    await badgeIs(page, "Ended");
    await page.getByRole("button", { name: "Sale ended" }).waitFor();
    await look(page);
    expect(await buyButton(page).textContent(), "when it is painted again").toBe("Sale ended");
  });

  test("shows no stock that is old, and still sells", async () => {
    const { page, path } = await visitor("old-stock");
    const asOf = new Date(Date.now() - 60_000).toISOString();
    await changeLive(page, (live) => ({ ...live, asOf }));
    await page.goto(path);
    await notice(page, "Stock counts may be out of date");
    expect(await left(page)).toBe("");
    await buyButton(page).click();
    await orderIs(page, "confirmed");
  });

  test("knows nothing of an item that the live answer leaves out", async () => {
    const { page, path } = await visitor("unknown-stock");
    await changeLive(page, (live) => ({ ...live, skus: [] }));
    await page.goto(path);
    await page.locator("[data-countdown-label]", { hasText: "Ends in" }).waitFor();
    expect(await left(page)).toBe("");
    await canBuy(page);
  });

  test("does not tell who has the last one that all is gone", async () => {
    const { page, path } = await visitor("last-one", { stock: 1 });
    await page.goto(path);
    await canBuy(page);
    await buyButton(page).click();
    await orderIs(page, "confirmed");
    const gone = page.waitForResponse(
      async (answer) => answer.url().endsWith("/live") && /sold_out/.test(await answer.text()),
    );
    await gone;
    await page.getByText("You've reached the limit of 1 per person.").waitFor();
    expect(await page.locator("main").innerText()).not.toMatch(/sold out|none left/i);
    expect(await page.locator("[data-announce]").textContent()).toBe("");
  });

  test("says of units that others hold that some may become available, and sells one that does", async () => {
    const { page, path, skuId } = await visitor("patient", { ...PAID, stock: 1 });
    const holder = await stage().person();
    await holder.signIn("holder");
    const theirs = await holder.open(path);
    await buyButton(theirs).click();
    await orderIs(theirs, "reserved");
    await page.goto(path);
    const attempt = page.getByRole("button", { name: "Try to get one" });
    await attempt.waitFor();
    expect(await page.locator("[data-badge]").textContent()).toBe("All reserved");
    expect(await page.locator("[data-left]").textContent()).toContain("some may become available");
    await attempt.click();
    await says(page, "Try again in a moment");
    expect(await attempt.getAttribute("aria-disabled")).toBe("false");
    await theirs.getByRole("button", { name: "Cancel reservation" }).click();
    await theirs.getByRole("button", { name: "Yes, cancel reservation" }).click();
    await page.getByRole("button", { name: "Buy now" }).click();
    await orderIs(page, "reserved");
    expect(await stage().ledger(skuId)).toMatchObject({ held: 1 });
  });

  test.each([
    ["sold", { ...PAID, stock: 1 }],
    ["never there", { stock: 0 }],
  ])("promises nothing back where nothing can come (%s)", async (name, sku) => {
    const { page, path } = await visitor(name, sku);
    await changeLive(page, (live) => ({
      ...live,
      skus: (live.skus as object[]).map((each) => ({ ...each, available: 0, state: "sold_out" })),
    }));
    await page.goto(path);
    await page.getByRole("button", { name: "Sold out" }).click({ force: true });
    await says(page, "Sold out.");
    expect(await page.locator("main").innerText()).not.toMatch(/become available|try/i);
  });

  test("offers another while there is allowance left, and then says that it is used", async () => {
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

  test("who has it from elsewhere reads so, above the order they have", async () => {
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

  test("the button stays where it is when the page counts and when the sale opens", async () => {
    const { page, path } = await visitor("steady", {}, { opensIn: 5_000 });
    const plain = await stage().person({ javaScriptEnabled: false });
    const written = await plain.open(path);
    await page.goto(path);
    const [before, counting] = [await top(written), await top(page)];
    await canBuy(page);
    await page.locator("[data-countdown-label]", { hasText: "Ends in" }).waitFor();
    expect([counting, await top(page)]).toEqual([before, before]);
  });

  test("a press that cannot buy is answered, also by keyboard", async () => {
    const { page, path } = await visitor("eager", {}, { opensIn: HOUR_MS, closesIn: 2 * HOUR_MS });
    await page.goto(path);
    await page.locator('[aria-disabled="true"]').waitFor();
    await buyButton(page).focus();
    await page.keyboard.press("Enter");
    await says(page, "starts here automatically");
  });

  test("a page older than its sale says so, and can be loaded again", async () => {
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

  test("after a sleep it waits for the server before it says what is on sale", async () => {
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
  ])("the button is seen without scrolling at %d by %d", async (width, height) => {
    const { path } = await stage().onSale(PAID);
    const visitor = await stage().person({ viewport: { width, height } });
    const page = await visitor.open(path);
    await canBuy(page);
    const box = await buyButton(page).boundingBox();
    expect((box?.y ?? height) + (box?.height ?? 0)).toBeLessThanOrEqual(height);
  });

  test("a picture that does not come leaves the door to be seen", async () => {
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
