// The work of an operator in the console, in a browser: orders, dead letters, rules, and the line of a sale.
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { expectOk, type Order } from "../../src/local/client.ts";
import { LOCAL_ADMIN_TOKEN } from "../../src/local/settings.ts";
import { check } from "./axe.ts";
import { signIn } from "./console-scene.ts";
import { inBrowser, PAID, type Stage } from "./harness.ts";
import { lineSale } from "./line-scene.ts";

const VIEWER = "a-viewer-token-for-tests";

inBrowser(
  "an operator in the console",
  (stage) => {
    const admin = async <T = object>(path: string) =>
      expectOk(await stage().client.admin<T>("GET", path));
    const operator = async (path: string, options = {}) =>
      signIn(await stage().person(options), LOCAL_ADMIN_TOKEN, path);

    test("passes axe and fits the screen on every page", async () => {
      const { orderId, user } = await buys(stage(), "axe");
      const line = await lineSale(stage());
      await putLetter(stage(), orderId, user);
      expectOk(await stage().client.admin("PUT", "/denylist/user/some-bot", { note: "resells" }));
      const page = await operator("/admin/orders");
      await check(page, "the search of orders");
      for (const path of [
        `/orders?find=${user}`,
        `/orders/${orderId}?done=refund`,
        "/orders/unknown",
        "/dead-letters",
        `/dead-letters/${orderId}`,
        "/webhooks?done=replay",
        "/rules?done=save",
        `/sales/${line.saleId}/line`,
      ]) {
        await page.goto(`/admin${path}`);
        await check(page, path);
      }
      await page.goto("/admin/rules");
      await page.getByLabel("Value").fill("x".repeat(129));
      await page.getByLabel("Reason").fill("too long");
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByRole("alert").waitFor();
      await check(page, "a refused rule");
    });

    test("finds a user's order, refunds a unit of it, and sees the refund succeed", async () => {
      const { orderId, user, skuId } = await buys(stage(), "refunded");
      const page = await operator("/admin/orders", { viewport: { width: 390, height: 844 } });
      await page.getByLabel("Id of an order").fill(user);
      await page.keyboard.press("Enter");
      await page.getByRole("link", { name: orderId }).press("Enter");
      await page.getByLabel("Units", { exact: false }).first().fill("1");
      await page.getByLabel("Reason").first().fill("arrived broken");
      await page.getByRole("button", { name: "Refund" }).press("Enter");
      await page.getByText("The refund is accepted").waitFor();
      await expect
        .poll(async () => {
          await page.reload();
          return page.locator("main").innerText();
        })
        .toMatch(/Refund of \$12\.00 for 1, back on sale: succeeded, arrived broken/);
      expect(await stage().ledger(skuId)).toMatchObject({ sold: 1, available: 19 });
      expect(page.url()).not.toContain(LOCAL_ADMIN_TOKEN);
      await page.getByRole("link", { name: "Log" }).click();
      await page.getByText("arrived broken").waitFor();
    });

    test("replays a dead letter without JavaScript", async () => {
      const { orderId, user } = await buys(stage(), "dead");
      await putLetter(stage(), orderId, user);
      const page = await operator("/admin/dead-letters", { javaScriptEnabled: false });
      await page.getByRole("link", { name: orderId }).click();
      await page.getByText("the shop did not answer").waitFor();
      await page.getByLabel("Reason").fill("it answers again");
      await page.getByRole("button", { name: "Replay" }).click();
      await page.getByText("Replayed.").waitFor();
      expect(await page.getByRole("link", { name: orderId }).count()).toBe(0);
    });

    test("changes the rate of a line and tells those who wait why", async () => {
      const sale = await lineSale(stage());
      const page = await operator(`/admin${sale.path}`);
      await page.getByRole("link", { name: "Line" }).click();
      await page.getByLabel("Rate").fill("7.5");
      await page.getByLabel("Notice").fill("We go slower for a while.");
      await page.getByLabel("Reason").fill("the warehouse is behind");
      await page.getByRole("button", { name: "Change" }).click();
      await page.getByText("The line is changed.").waitFor();
      const line = await admin(`/sales/${sale.saleId}/line`);
      expect(line).toMatchObject({ ratePerSecond: 7.5, notice: "We go slower for a while." });
      await page.getByRole("link", { name: "Overview of the sale" }).click();
      await page.locator("[data-figures]").getByText("We go slower for a while.").waitFor();
    });

    test("denies a user, who cannot buy then, and allows the user again", async () => {
      const { skuId } = await stage().onSale();
      const page = await operator("/admin/orders?find=scalper");
      await page.goto("/admin/orders?find=scalper");
      await page.getByRole("link", { name: "Deny this user" }).click();
      await page.getByLabel("Minutes").fill("60");
      await page.getByLabel("Reason").fill("resells");
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText("in force everywhere").waitFor();
      const { token } = expectOk(await stage().client.login("scalper"));
      const tries = (key: string) => stage().client.order(skuId, key, { token });
      await expect.poll(async () => (await tries("denied")).status).toBe(403);

      await page.getByRole("link", { name: "deny user scalper" }).click();
      await page.getByLabel("Reason").fill("a mistake");
      await page.getByRole("button", { name: "Remove" }).click();
      await page.getByText("The rule is removed").waitFor();
      await expect.poll(async () => (await tries("allowed")).status).toBe(202);
    });

    test("shows a viewer everything and no button, and refuses a form that is sent anyway", async () => {
      const { orderId, user } = await buys(stage(), "watched");
      await putLetter(stage(), orderId, user);
      const line = await lineSale(stage());
      const page = await signIn(await stage().person(), VIEWER);
      const paths = [
        ...["/rules", "/dead-letters", `/dead-letters/${orderId}`, `/orders/${orderId}`],
        `/sales/${line.saleId}/line`,
      ];
      for (const path of paths) {
        await page.goto(`/admin${path}`);
        expect(await page.locator("main button").count(), path).toBe(0);
        expect(await post(page, `/admin${path}`)).toBe(403);
      }
    });
  },
  {
    VIEWER_TOKEN: VIEWER,
    ORDER_WEBHOOK_URL: "http://127.0.0.1:9/nobody-listens",
    ORDER_WEBHOOK_SECRET: `whsec_${btoa("a secret of the shop, 32 bytes long")}`,
  },
);

/** Sends a form of the console from the page's own origin. Returns the status. */
const post = (page: Page, path: string): Promise<number> =>
  page.evaluate(
    `fetch(${JSON.stringify(path)}, { method: "POST", body: new URLSearchParams({ action: "x" }) }).then((r) => r.status)`,
  );

/** Given a paid order of two units, confirmed. */
async function buys({ onSale, client }: Stage, name: string) {
  const { skuId } = await onSale({ ...PAID, perUserLimit: 2 });
  const user = `${skuId}-${name}`;
  const { token } = expectOk(await client.login(user));
  const body = { quantity: 2, paymentToken: "tok_ok" };
  const { id: orderId } = expectOk(await client.order(skuId, `${user}-order`, { token }, body));
  const status = async () => expectOk<Order>(await client.readOrder(orderId, { token })).status;
  await expect.poll(status).toBe("confirmed");
  return { skuId, user, orderId };
}

/** Stores a dead letter about an order. */
async function putLetter(stage: Stage, orderId: string, userId: string): Promise<void> {
  const [skuId] = orderId.split(".");
  const message = { v: 1, skuId, lane: 0, userId, orderId, version: 1 };
  const letter = { id: orderId, queue: "doorbuster-orders", message, attempts: 10 };
  const died = { reason: "the shop did not answer", diedAt: new Date().toISOString() };
  await stage.redis(
    "HSET",
    "doorbuster:dead-letters",
    orderId,
    JSON.stringify({ ...letter, ...died }),
  );
}
