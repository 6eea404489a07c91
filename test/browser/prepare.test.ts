// A card that is entered in the ready room: one press at the opening buys and pays, once, and only for the account that entered it.
import type { Page, Request } from "playwright-core";
import { afterAll, expect, test } from "vitest";
import { ORDERS } from "./api-mocks.ts";
import { check } from "./axe.ts";
import { choose, paymentIs, payWith, startCheckout } from "./card-checkout.ts";
import { buyButton, inBrowser, order, orderIs, PAID } from "./harness.ts";

const checkout = await startCheckout();
const { booksOf } = checkout;
afterAll(() => checkout.stop());

const HOUR_MS = 3_600_000;
const LATER = { opensIn: HOUR_MS, closesIn: 2 * HOUR_MS };
const iso = (ms: number) => new Date(Date.now() + ms).toISOString();

const enter = (page: Page) => page.getByRole("link", { name: "Enter your card now" });
const isReady = (page: Page, amount: string) =>
  page
    .locator("[data-prepared]", { hasText: new RegExp(`one press buys and pays \\D*${amount}`) })
    .waitFor();
const isNotReady = (page: Page) =>
  page.locator("[data-prepared]", { hasText: "can't be used any more" }).waitFor();
const stored = (page: Page) =>
  page.evaluate<number>(
    "Object.keys(sessionStorage).filter((k) => k.startsWith('prepared:')).length",
  );

inBrowser(
  "a card that is entered before the opening",
  (stage) => {
    /** A signed-in visitor of an upcoming sale. `tokens`: what the orders of this page carried. */
    async function waiting(user: string, sku = {}, sale = LATER) {
      const upcoming = await stage().onSale({ ...PAID, perUserLimit: 2, ...sku }, sale);
      const visitor = await stage().person();
      await visitor.reach(checkout.url, (route) => route.continue());
      await visitor.signIn(user);
      const page = await visitor.open(upcoming.path);
      const tokens: unknown[] = [];
      page.on("request", (request: Request) => {
        const isOrder = request.method() === "POST" && /\/skus\/[^/]+\/orders$/.test(request.url());
        if (isOrder) tokens.push(request.postDataJSON().paymentToken);
      });
      const opens = async () => {
        await upcoming.change((document) => ({ ...document, opensAt: iso(-1_000) }));
        await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
        await page.locator('[data-buy] button[aria-disabled="false"]').waitFor();
      };
      return { ...upcoming, visitor, page, tokens, opens };
    }

    /** Enters a card, by keyboard alone. */
    async function prepare(page: Page, card = "Approved"): Promise<void> {
      await enter(page).focus();
      await page.keyboard.press("Enter");
      await page.getByText("Your card is kept in this tab").waitFor();
      await choose(page, card);
      await page.getByRole("button", { name: "Keep this card" }).press("Enter");
      await page.waitForURL(/\/sales\/[^/]+$/);
    }

    test("buys and pays with one press, even after a reload, and is charged once", async () => {
      const { page, path, skuId, opens, tokens } = await waiting("prepared");
      await page.getByLabel("Quantity").selectOption("2");
      // The script that keeps the choice is loaded.
      await page.locator("[data-total]").waitFor();
      await prepare(page);
      expect(new URL(page.url()).pathname).toBe(path);
      await isReady(page, "24.00");
      expect(await stage().ledger(skuId)).toMatchObject({ held: 0, sold: 0 });
      await page.reload();
      await isReady(page, "24.00");
      await opens();
      await buyButton(page).press("Enter");
      await orderIs(page, "confirmed");
      const id = (await order(page).getAttribute("data-order")) ?? "";
      expect(await booksOf(id)).toMatchObject({ intents: 1, charges: 1, amountCharged: 2_400 });
      expect(tokens).toEqual([expect.any(String)]);
    });

    test("is still ready on a page that is reloaded after the opening", async () => {
      const { page, opens } = await waiting("reloads-late");
      await prepare(page);
      await isReady(page, "12.00");
      await opens();
      await page.reload();
      await isReady(page, "12.00");
      await buyButton(page).click();
      await orderIs(page, "confirmed");
    });

    test("pays for one order alone: the next one is paid after it is reserved", async () => {
      const { page, opens, tokens } = await waiting("twice");
      await prepare(page);
      await isReady(page, "12.00");
      await opens();
      await buyButton(page).click();
      await orderIs(page, "confirmed");
      expect(await stored(page)).toBe(0);
      await page.reload();
      await orderIs(page, "confirmed");
      await buyButton(page).click();
      await orderIs(page, "reserved");
      expect(tokens).toEqual([expect.any(String), undefined]);
    });

    test("is not used by another account that signs in, and not offered to it", async () => {
      const { page, visitor, path, opens, tokens } = await waiting("owner");
      await prepare(page);
      await isReady(page, "12.00");
      await visitor.signOut();
      await visitor.signIn("someone-else");
      // A page of this site tells the others that the session may have changed.
      await (await visitor.open("/orders")).close();
      await enter(page).waitFor();
      await page.reload();
      await enter(page).waitFor();
      expect(new URL(page.url()).pathname).toBe(path);
      await opens();
      await buyButton(page).click();
      await orderIs(page, "reserved");
      expect(tokens).toEqual([undefined]);
    });

    test("is not used by an account that signs in at the press", async () => {
      const { page, visitor, opens, tokens } = await waiting("signed-out");
      await prepare(page);
      await isReady(page, "12.00");
      await opens();
      await visitor.signOut();
      await buyButton(page).click();
      await page.getByLabel("Your name").fill("at-the-press");
      await page.getByRole("button", { name: "Sign in" }).click();
      await orderIs(page, "reserved");
      expect(tokens).toEqual([expect.any(String), undefined]);
    });

    /** A press whose order never reached the server. `retried`: what the orders carried since then. */
    async function withoutAnswer(user: string) {
      const { page, opens, tokens, ...scene } = await waiting(user);
      await prepare(page);
      await isReady(page, "12.00");
      await opens();
      await page.route(ORDERS, (route) => route.abort());
      await buyButton(page).click();
      await expect.poll(() => tokens.length).toBeGreaterThan(0);
      await page.goto("/orders");
      await page.unroute(ORDERS);
      const [token, sent] = [tokens[0], tokens.length];
      return { ...scene, page, token, retried: () => tokens.slice(sent) };
    }

    test("is sent again by its own account if there was no answer", async () => {
      const { page, path, token, retried } = await withoutAnswer("tries-again");
      await page.goto(path);
      await orderIs(page, "confirmed");
      expect(retried()).toEqual([token]);
    });

    test("is never sent by another account that signs in before there is an answer", async () => {
      const { page, path, skuId, visitor, retried } = await withoutAnswer("leaves-a-card");
      await visitor.signOut();
      await visitor.signIn("finds-a-card");
      await page.goto(path);
      await page.getByText("A different account is signed in now.").waitFor();
      expect(await stage().ledger(skuId)).toMatchObject({ held: 0, sold: 0 });
      await buyButton(page).click();
      await orderIs(page, "reserved");
      expect(retried()).toEqual([undefined]);
    });

    test("is asked for again once its token expired, or something else is chosen", async () => {
      const { page, opens, tokens } = await waiting("too-late");
      await prepare(page);
      await isReady(page, "12.00");
      await page.getByLabel("Quantity").selectOption("2");
      await isNotReady(page);
      await page.getByLabel("Quantity").selectOption("1");
      await isReady(page, "12.00");
      await page.evaluate(`{
        const key = Object.keys(sessionStorage).find((each) => each.startsWith("prepared:"));
        const card = JSON.parse(sessionStorage.getItem(key));
        sessionStorage.setItem(key, JSON.stringify({ ...card, expiresAt: Date.now() }));
      }`);
      await page.reload();
      await isNotReady(page);
      await enter(page).waitFor();
      await opens();
      await buyButton(page).click();
      await orderIs(page, "reserved");
      expect(tokens).toEqual([undefined]);
    });

    test("that is declined leaves the item reserved, for another card", async () => {
      const { page, opens } = await waiting("declined-early");
      await prepare(page, "Declined");
      await isReady(page, "12.00");
      await opens();
      await buyButton(page).click();
      await paymentIs(page, "declined");
      expect(await stored(page)).toBe(0);
      await page.getByRole("link", { name: /^Pay/ }).click();
      await page.waitForURL("**/orders/*");
      await payWith(page, "Approved");
      await orderIs(page, "confirmed");
    });

    test("is offered to nobody who is signed out, for no free item, and not long before the opening", async () => {
      const early = { opensIn: 20 * HOUR_MS, closesIn: 21 * HOUR_MS };
      const free = { unitPrice: { amount: 0, currency: "USD" } };
      for (const [user, sku, sale] of [
        ["early", {}, early] as const,
        ["free", free, LATER] as const,
      ]) {
        const { page } = await waiting(user, sku, sale);
        await page.getByText("You're signed in as").waitFor();
        expect(await enter(page).count()).toBe(0);
      }
      const { page, visitor, path, skuId } = await waiting("leaves");
      await enter(page).waitFor();
      await visitor.signOut();
      await page.reload();
      await page.getByRole("link", { name: "Sign in now and be ready" }).waitFor();
      expect(await enter(page).count()).toBe(0);
      await page.goto(`${path}/skus/${skuId}/card?quantity=1`);
      expect(new URL(page.url()).pathname).toBe(path);
    });

    test("fits every screen, and passes axe", async () => {
      const { page, path } = await waiting("a-long-name-".repeat(8));
      await enter(page).waitFor();
      await check(page, "before a card is entered");
      await prepare(page);
      await isReady(page, "12.00");
      await check(page, "a card that is ready");
      await page.getByRole("link", { name: "Enter another card" }).click();
      await page.getByLabel("Test card").waitFor();
      await check(page, "entering a card");
      for (const language of ["de", "fr", "es", "ja"]) {
        await page.goto(`${path}?lang=${language}`);
        await page.locator("[data-prepared]:not(:empty)").waitFor();
        await check(page, `a card that is ready, ${language}`);
      }
    });
  },
  checkout.vars,
);
