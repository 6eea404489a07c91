// The operator's switches on open pages: they change within seconds, without a reload, and back again.
import { expect, test } from "vitest";
import { expectOk } from "../../src/local/client.ts";
import { check } from "./axe.ts";
import { buyButton, inBrowser, order, orderIs, PAID } from "./harness.ts";

inBrowser("the operator's switches on an open page", (stage) => {
  const admin = async (method: string, path: string, body: object) =>
    void expectOk(await stage().client.admin(method, path, body));
  const setSwitch = (setting: object) =>
    admin("PUT", "/switches", { reason: "a test", switches: [setting] });

  test("a paused sale says so and why, and sells again by itself", async () => {
    const { saleId, path } = await stage().onSale();
    const buyer = await stage().person();
    await buyer.signIn("patient");
    const page = await buyer.open(path);
    await page.locator('[data-buy] button[aria-disabled="false"]').waitFor();
    await admin("POST", `/sales/${saleId}/pause`, { reason: "x", notice: "We fix a price." });

    await page.locator('[data-badge="paused"]').waitFor();
    expect(await page.locator("[data-notice]").textContent()).toContain("Paused: We fix a price.");
    await expect.poll(() => buyButton(page).textContent()).toBe("Paused");
    await buyButton(page).click({ force: true });
    await page.locator("[data-message]", { hasText: "Paused: We fix a price." }).waitFor();
    expect(await page.title()).toMatch(/^Paused: /);
    await check(page, "a paused sale");

    const fresh = await buyer.open(path);
    await expect.poll(() => buyButton(fresh).textContent()).toBe("Paused");
    await admin("POST", `/sales/${saleId}/resume`, { reason: "done" });

    for (const open of [page, fresh]) {
      await open.locator('[data-badge="open"]').waitFor();
      expect(await open.locator("[data-notice]").textContent()).toBe("");
    }
    expect(await page.locator("[data-message]").textContent()).toBe("");
    await buyButton(page).click();
    await orderIs(page, "confirmed");
  });

  test("a closed item is not on sale, and the others are", async () => {
    const { skuId, path } = await stage().onSale({ perUserLimit: 3 }, { items: 2 });
    const page = await (await stage().person()).open(path);
    await page.locator('[data-buy] button[aria-disabled="false"]').first().waitFor();
    await setSwitch({ name: "closed", sku: skuId, value: true });
    const labels = () => buyButton(page).allTextContents();
    await expect.poll(labels).toEqual(["Not on sale", "Buy now"]);
    expect(await page.locator("select:visible").count()).toBe(1);
    expect(await page.locator("[data-notice]").textContent()).toBe("");
    await setSwitch({ name: "closed", sku: skuId, value: false });
    await expect.poll(labels).toEqual(["Buy now", "Buy now"]);
    expect(await page.locator("select:visible").count()).toBe(2);
  });

  test("a buyer pays while payments are paused, keeps the item, and is charged afterwards", async () => {
    const { path } = await stage().onSale(PAID);
    const buyer = await stage().person();
    await buyer.signIn("payer");
    const page = await buyer.open(path);
    await buyButton(page).click();
    await orderIs(page, "reserved");
    await setSwitch({ name: "paymentsPaused", value: true, notice: "Our bank is down." });

    const own = await buyer.open(`/orders/${await order(page).getAttribute("data-order")}`);
    await expect.poll(() => own.locator("[data-pay]").innerText()).toContain("You can still pay");
    await own.getByRole("button", { name: "Pay" }).click();
    const text = own.locator("[data-order-text]");
    await expect.poll(() => text.textContent()).toContain("Our bank is down. Yours is sent");
    await orderIs(own, "reserved");

    await setSwitch({ name: "paymentsPaused", value: false });
    await orderIs(own, "confirmed");
  });
});
