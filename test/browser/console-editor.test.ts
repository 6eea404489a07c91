// The console's editor in a browser: create a sale and see its page, edit in two tabs, duplicate, restock, preflight.
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { LOCAL_ADMIN_TOKEN } from "../../src/local/settings.ts";
import { check } from "./axe.ts";
import { inBrowser, PAID, type Person } from "./harness.ts";

const PHONE = { colorScheme: "dark", viewport: { width: 390, height: 844 } } as const;

async function signIn(visitor: Person, path: string): Promise<Page> {
  const page = await visitor.open(path);
  await page.getByLabel("token").fill(LOCAL_ADMIN_TOKEN);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("button", { name: "Sign out" }).waitFor();
  return page;
}

const save = (page: Page) => page.getByRole("button", { name: "Save", exact: true }).last().click();

async function fill(page: Page, texts: Record<string, string>): Promise<void> {
  for (const [label, text] of Object.entries(texts)) {
    await page.getByLabel(label, { exact: true }).fill(text);
  }
}

const LAMP = { "Item id": "lamp", Name: "Lamp", Price: "12.50", Stock: "7" };

inBrowser("the console's editor", (stage) => {
  test("creates a sale in local time, with faults and a preview as it is typed", async () => {
    const visitor = await stage().person({ timezoneId: "America/New_York" });
    const page = await signIn(visitor, "/admin");
    await page.getByRole("link", { name: "New sale" }).click();
    const preview = page.frameLocator("[data-preview]");
    await fill(page, { Id: "Night Drop", Title: "Night drop" });
    await page.getByText("use 1 to 64 of a-z, 0-9 and -").waitFor();
    expect(await page.getByLabel("Id", { exact: true }).getAttribute("aria-invalid")).toBe("true");
    await check(page, "the editor with a fault");
    await fill(page, { Id: "night-drop", ...LAMP });
    await fill(page, { Opens: "2020-07-01T09:00", Closes: "2099-07-01T09:00" });
    await preview.getByRole("heading", { name: "Night drop" }).waitFor();
    await preview.getByText("$12.50").waitFor();
    expect(await page.getByText("use 1 to 64 of a-z, 0-9 and -").count()).toBe(0);
    await page.getByText("Jul 2020, 13:00 UTC").waitFor();
    await page.getByLabel("Title").press("Enter");
    await page.getByText("Saved.").waitFor();
    expect(await page.getByLabel("Opens", { exact: true }).inputValue()).toBe("2020-07-01T09:00");
    await check(page, "the saved sale");
    const { body } = await stage().client.admin<{ opensAt: string }>("GET", "/sales/night-drop");
    expect(body.opensAt).toBe("2020-07-01T13:00:00.000Z");
    const buyer = await (await stage().person()).open("/sales/night-drop");
    await buyer.getByRole("heading", { name: "Night drop" }).waitFor();
  });

  test("checks what was typed before its script was loaded", async () => {
    const visitor = await stage().person();
    const page = await signIn(visitor, "/admin");
    const slow = Promise.withResolvers<void>();
    await page.route(/\/editor[^/]*\.js$/, (route) => slow.promise.then(() => route.fallback()));
    await page.goto("/admin/new-sale", { waitUntil: "commit" });
    await fill(page, { Id: "Night Drop" });
    slow.resolve();
    await page.getByText("use 1 to 64 of a-z, 0-9 and -").waitFor();
  });

  test("shows the second of two tabs what the first one changed", async () => {
    const { saleId } = await stage().onSale(PAID);
    const visitor = await stage().person(PHONE);
    const path = `/admin/sales/${saleId}/edit`;
    const first = await signIn(visitor, path);
    const second = await visitor.open(path);
    await fill(first, { Title: "From the first tab" });
    await save(first);
    await first.getByText("Saved.").waitFor();
    await fill(second, { Title: "From the second tab" });
    await save(second);
    await second.getByText("Somebody else changed this sale meanwhile").waitFor();
    await second.getByRole("cell", { name: "From the first tab" }).waitFor();
    expect(await second.getByLabel("Title").inputValue()).toBe("From the second tab");
    await check(second, "the conflict");
    await save(second);
    await second.getByText("Saved.").waitFor();
  });

  test("changes the lanes of an item on a phone, with a fault as they are typed", async () => {
    const { saleId } = await stage().onSale(PAID);
    const page = await signIn(await stage().person(PHONE), `/admin/sales/${saleId}/edit`);
    await fill(page, { Lanes: "65" });
    await page.getByText("must be at most 64").waitFor();
    expect(await page.getByLabel("Lanes").getAttribute("aria-invalid")).toBe("true");
    await check(page, "the lanes with a fault");
    await fill(page, { Lanes: "4" });
    await page.getByText("must be at most 64").waitFor({ state: "detached" });
    await save(page);
    await page.getByText("Saved.").waitFor();
    const path = `/sales/${saleId}`;
    const { body } = await stage().client.admin<{ skus: { lanes?: number }[] }>("GET", path);
    expect(body.skus.map(({ lanes }) => lanes)).toEqual([4]);
  });

  test("duplicates a sale without JavaScript, with another item", async () => {
    const { saleId } = await stage().onSale(PAID);
    const visitor = await stage().person({ javaScriptEnabled: false });
    const page = await signIn(visitor, `/admin/sales/${saleId}`);
    await page.getByRole("link", { name: "Duplicate" }).click();
    await page.getByRole("button", { name: "Add an item" }).click();
    const item = page.getByRole("group", { name: "Item 2" });
    await page.getByLabel("Item id").first().fill("copied-item");
    await item.getByLabel("Item id").fill("second-item");
    await item.getByLabel("Name").fill("Second");
    await page.getByRole("button", { name: "Preview" }).click();
    await page.frameLocator("[data-preview]").getByText("Second").waitFor();
    await page.getByLabel("Id", { exact: true }).fill("copied-drop");
    await save(page);
    await page.getByText("Saved.").waitFor();
    const { body } = await stage().client.admin<{ skus: object[] }>("GET", "/sales/copied-drop");
    expect(body.skus).toHaveLength(2);
  });

  test("restocks an item and runs the preflight, on a phone", async () => {
    const { skuId, path } = await stage().onSale(PAID);
    const page = await signIn(await stage().person(PHONE), `/admin${path}`);
    await page.getByRole("link", { name: "Stock and orders" }).click();
    await check(page, "the stock");
    await page.getByLabel("Units").fill("5");
    await page.getByLabel("Reason").fill("more came in");
    await page.getByLabel("Reason").press("Enter");
    await page.getByText("The stock is changed.").waitFor();
    expect((await stage().ledger(skuId)).stocked).toBe(25);
    await page.goto(`/admin${path}/preflight`);
    await page.getByLabel("Expected people").fill("500");
    await page.getByRole("button", { name: "Run the checks" }).click();
    await page.getByText("for 500 people").waitFor();
    await check(page, "the preflight");
  });
});
