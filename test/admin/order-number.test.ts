// The short number of an order: the same wherever the order is shown, and an operator finds every order that has it.
import { beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { SkuInventory } from "../../src/inventory/sku-inventory.ts";
import { aReservation, inventory } from "../inventory/object.ts";
import { showPage, signedIn } from "../support/console.ts";
import { ADMIN_TOKEN, admin, call, VIEWER_TOKEN } from "../support/http.ts";
import { pauseQueue } from "../support/queue.ts";
import { emptyRedis } from "../support/redis.ts";
import { aBuyer, bought, onSale, unique } from "../support/shop.ts";

beforeAll(emptyRedis);
beforeAll(pauseQueue);

interface Found {
  orders: { id: string; number: string; userId: string }[];
  incomplete?: true;
  issues?: { path: string }[];
}

const find = (query: Record<string, string>) =>
  admin<Found>("GET", `/orders?${new URLSearchParams(query)}`);
const idsIn = ({ body }: { body: Found }) => body.orders.map(({ id }) => id);

/** A reserved order with this random part of its id. */
async function givenOrder(skuId: string, random: string): Promise<string> {
  const orderId = `${skuId}.0.${random}`;
  const answer = await inventory(skuId).reserve(aReservation(skuId, { orderId }));
  expect(answer).toMatchObject({ ok: true });
  return orderId;
}

test("an operator finds all orders that share a number, in every ledger or in one, however it is written", async () => {
  const [one, other] = [await onSale({ stock: 9 }), await onSale({ stock: 9 })];
  const first = await givenOrder(one, "j7nf2k9t000000000000");
  const second = await givenOrder(one, "j7nf2k9tvvvvvvvvvvvv");
  const third = await givenOrder(other, "j7nf2k9t111111111111");
  await givenOrder(one, "j7nf2k9s000000000000");
  await givenOrder(one, "j7nf2k9u000000000000");

  const everywhere = await find({ number: "K7QF-2M9X" });
  expect(idsIn(everywhere).sort()).toEqual([first, second, third].sort());
  expect(everywhere.body.orders[0]).toMatchObject({
    number: "K7QF-2M9X",
    userId: expect.any(String),
  });
  expect(everywhere.body).not.toHaveProperty("incomplete");
  expect(idsIn(await find({ number: "k7qf 2m9x", sku: one })).sort()).toEqual(
    [first, second].sort(),
  );
  expect(idsIn(await find({ number: "K7QF2M9X", sku: other }))).toEqual([third]);
  await admin("DELETE", `/sales/${(await inventory(other).report())?.saleId}`);
  expect(idsIn(await find({ number: "K7QF-2M9X" }))).toContain(third);
  expect(idsIn(await find({ number: "0000-000Z" }))).toEqual([]);
});

test("a search says so when a ledger does not answer", async () => {
  const skuId = await onSale();
  const spy = vi.spyOn(SkuInventory.prototype, "startingWith").mockImplementation(() => {
    throw new Error("the object was moved");
  });
  onTestFinished(() => spy.mockRestore());
  expect((await find({ number: "K7QF-2M9X", sku: skuId })).body).toEqual({
    orders: [],
    incomplete: true,
  });
});

test.each([
  [{ number: "" }, "number"],
  [{ number: "K7QF-2M9" }, "number"],
  [{ number: "💥" }, "number"],
  [{ number: "K7QF-2M9X", sku: "" }, "sku"],
  [{ number: "K7QF-2M9X", sku: "NO/ID" }, "sku"],
  [{ number: "K7QF-2M9X", sku: "never" }, "sku"],
])("refuses the search for %j", async (query, path) => {
  const { status, body } = await find(query as Record<string, string>);
  expect([status, body.issues?.[0]?.path]).toEqual([400, path]);
});

test("the buyer and the operator see the same number", async () => {
  const [buyer, skuId] = [await aBuyer(), await onSale({ price: 500 })];
  const order = await bought(buyer, skuId);
  expect(order.number).toMatch(/^[0-9A-Z]{4}-[0-9A-Z]{4}$/);
  const shown = [
    await call("GET", `/api/orders/${order.id}`, { token: buyer.token }),
    await admin("GET", `/orders/${order.id}`),
  ];
  expect(shown.map(({ body }) => body.number)).toEqual([order.number, order.number]);
  const { body: csv } = await admin<string>("GET", `/skus/${skuId}/orders.csv`);
  expect(csv).toContain(`,1,${order.number}\r\n`);
});

test("the console finds an order by its number, and a user whose id could be one", async () => {
  const skuId = await onSale({ stock: 2 });
  const order = await bought(await aBuyer(), skuId);
  const user = unique("4711-").slice(0, 9);
  const cookie = await signedIn(VIEWER_TOKEN);
  const found = await showPage(`/admin/orders?find=${order.number.toLowerCase()}`, cookie);
  expect(found.body).toContain(`/admin/orders/${order.id}`);
  expect(found.body).toContain(`Orders with the number ${order.number}`);
  const none = await showPage(`/admin/orders?find=${user}&sku=${skuId}`, cookie);
  expect([none.status, none.body.includes("No orders.")]).toEqual([200, true]);
  const page = await showPage(`/admin/orders/${order.id}`, await signedIn(ADMIN_TOKEN));
  expect(page.body).toContain(`Order ${order.number}`);
});
