// The switches on server-rendered pages: what visitors read with and without JavaScript.
import { afterEach, beforeAll, expect, test } from "vitest";
import { givenClock } from "../support/clock.ts";
import { call, shownOf } from "../support/http.ts";
import { emptyRedis } from "../support/redis.ts";
import { aBuyer, aSale, aSku, bought, order, putSale, tokenFor } from "../support/shop.ts";
import { givenSwitches, noSwitches } from "../support/switches.ts";
import { givenItem, keyIn, visit } from "./form-client.ts";

beforeAll(emptyRedis);
afterEach(noSwitches);

const page = async (path: string) => shownOf((await call<string>("GET", path)).body);
const badgeIn = (html: string) => /data-badge="(\w+)"/.exec(html)?.[1];
const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1_000).toISOString();

test("says on the sale page and in the list that a sale is paused, and why, until it goes on", async () => {
  const sale = await putSale(aSale({ skus: [aSku(), aSku()] }));
  const [path, listed] = [`/sales/${sale.id}`, `data-listed="${sale.id}"`];
  const badgeInList = async () => badgeIn((await page("/")).split(listed)[1] ?? "");
  expect([badgeIn(await page(path)), await badgeInList()]).toEqual(["open", "open"]);
  const clock = givenClock(Date.now());
  const until = inSeconds(60);
  const notice = "Back <b>soon</b>";
  await givenSwitches({ name: "paused", sale: sale.id, value: true, notice, until });

  const paused = await page(path);
  expect(badgeIn(paused)).toBe("paused");
  expect(paused).toContain("Paused: Back &lt;b&gt;soon&lt;/b&gt;");
  expect(paused.match(/disabled="" aria-labelledby="buy-/g)).toHaveLength(2);
  expect(await badgeInList()).toBe("paused");

  clock.moveTo(Date.parse(until));
  expect(badgeIn(await page(path))).toBe("open");
  expect(await page(path)).not.toContain("Paused");
  expect(await badgeInList()).toBe("open");
});

test("marks a closed item as not on sale, and leaves the others for sale", async () => {
  const [first, second] = [aSku(), aSku()];
  const sale = await putSale(aSale({ skus: [first, second] }));
  await givenSwitches({ name: "closed", sku: first.id, value: true });
  const html = await page(`/sales/${sale.id}`);
  expect(badgeIn(html)).toBe("open");
  const [, closed, open] = html.split("data-sku=");
  expect(closed).toContain("Not on sale");
  expect(closed).toMatch(/<noscript><p class="message">This item is no longer on sale/);
  expect(open).toContain("Buy now");
});

test("tells a buyer without JavaScript that a sale is paused, and sells with the same form afterwards", async () => {
  const { buyer, path } = await givenItem();
  const form = (await visit(path, { buyer })).html;
  const fields = { quantity: "1", key: keyIn(form) };
  const sale = path.split("/")[2] as string;
  await givenSwitches({ name: "paused", sale, value: true, notice: "One moment" });

  const shown = await visit(path, { buyer });
  expect(shown.html).toContain("Paused: One moment");
  expect(shown.html).not.toContain("Confirm order");
  const refused = await visit(path, { buyer, fields });
  expect(refused.status).toBe(403);
  expect(refused.html).toContain("Paused: One moment");
  expect(keyIn(refused.html)).toBe(fields.key);

  await noSwitches();
  expect((await visit(path, { buyer, fields })).status).toBe(303);
});

test("says on an order's page that payments are paused, and that the item stays reserved", async () => {
  const sku = aSku({ price: 100 });
  await putSale(aSale({ skus: [sku] }));
  const buyer = await aBuyer();
  const { id } = await bought(buyer, sku.id);
  const path = `/orders/${id}`;
  expect((await visit(path, { buyer })).html).not.toContain("paused");
  await givenSwitches({ name: "paymentsPaused", value: true });

  const unpaid = await visit(path, { buyer });
  expect(unpaid.html).toContain("You can still pay");
  expect(unpaid.html).toContain("stays reserved meanwhile");
  const fields = { paymentToken: "tok_ok" };
  expect((await visit(`${path}/payment`, { buyer, fields })).status).toBe(303);
  const due = await visit(path, { buyer });
  expect(due.html).toContain("Yours is sent as soon as they go on");
  expect(due.html).not.toContain("You can still pay");
});

test("explains on the page of all orders that the list is switched off, and shows single orders", async () => {
  const sku = aSku();
  await putSale(aSale({ skus: [sku] }));
  const buyer = await aBuyer();
  const { id } = await bought(buyer, sku.id);
  await givenSwitches({ name: "orderHistoryOff", value: true });
  const listed = await call("GET", "/api/orders", { token: buyer.token });
  expect([listed.status, listed.code]).toEqual([503, "unavailable"]);
  const shown = await visit("/orders", { buyer });
  expect(shown.status).toBe(503);
  expect(shown.html).toContain("can&#39;t be listed right now");
  expect((await visit(`/orders/${id}`, { buyer })).status).toBe(200);
  expect((await order(await aBuyer(), sku.id)).status).toBe(202);
  await noSwitches();
  expect((await call("GET", "/api/orders", { token: await tokenFor(buyer.id) })).status).toBe(200);
});

test("loads the code for challenges only while they can be required", async () => {
  const sale = await putSale(aSale());
  const challenges = async () => (await page(`/sales/${sale.id}`)).includes('id="challenge"');
  expect(await challenges()).toBe(false);
  await givenSwitches({ name: "challenge", value: "everyone" });
  expect(await challenges()).toBe(true);
  await givenSwitches({ name: "challenge", sale: sale.id, value: "off" });
  expect(await challenges()).toBe(false);
});
