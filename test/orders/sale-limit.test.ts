// The limit of a whole sale per person, through the whole app.
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import type { Sale } from "../../src/catalog/schema.ts";
import { allowanceName } from "../../src/inventory/allowance/client.ts";
import { SaleAllowance } from "../../src/inventory/allowance/sale-allowance.ts";
import type { Order } from "../../src/inventory/order.ts";
import { SkuInventory } from "../../src/inventory/sku-inventory.ts";
import { givenClock } from "../support/clock.ts";
import { type Answer, call, contractFaults, ORIGIN } from "../support/http.ts";
import {
  aBuyer,
  aSale,
  aSku,
  type Buyer,
  bought,
  order,
  putSale,
  settled,
  showOrder,
  tally,
  unique,
  until,
} from "../support/shop.ts";

/** An open sale with this limit and some sizes. */
async function givenSale(
  perUserLimit: number | undefined,
  sizes: Parameters<typeof aSku>[0][],
): Promise<{ sale: Sale; skuIds: string[] }> {
  const skus = sizes.map((size) => aSku(size));
  const sale = aSale({ skus, ...(perUserLimit === undefined ? {} : { perUserLimit }) });
  return { sale: await putSale(sale), skuIds: skus.map(({ id }) => id) };
}

const allowanceOf = ({ id }: Sale, buyer: Buyer) =>
  env.SALE_ALLOWANCE.getByName(allowanceName(id, buyer.id));

/** Only an object that is awake can be evicted. */
async function evict(stub: object): Promise<void> {
  await runInDurableObject(stub as DurableObjectStub, () => {});
  await evictDurableObject(stub as DurableObjectStub);
}

/** An attempt that is repeated under its key for as long as it is undecided, which a slow machine may take a while for. */
function decided(buyer: Buyer, skuId: string, key = unique("key")): Promise<Answer<Order>> {
  return until(`${skuId} is decided`, async () => {
    const answer = await order(buyer, skuId, { key });
    return answer.status === 503 ? undefined : answer;
  });
}

const cancel = (buyer: Buyer, { id }: Order): Promise<Answer<Order>> =>
  call<Order>("DELETE", `/api/orders/${id}`, { token: buyer.token });

describe("a buyer in a sale with a limit of one per person", () => {
  test("gets one size, is refused the others with the reason, and gets the same order again", async () => {
    const { skuIds } = await givenSale(1, [{}, {}]);
    const [m, l] = skuIds as [string, string];
    const buyer = await aBuyer();
    const key = unique("key");
    const first = await bought(buyer, m, { key });

    const refused = await decided(buyer, l);
    expect(refused).toMatchObject({ status: 409, code: "user_limit_reached" });
    expect(refused.body).toMatchObject({ scope: "sale", limit: 1 });
    expect(contractFaults(refused)).toEqual([]);
    expect((await order(buyer, m, { key })).body).toEqual(first);
    expect((await decided(buyer, m)).body).toMatchObject({ scope: "sku" });
  });

  test("can take another size at once when one is sold out or they cancelled", async () => {
    const { skuIds } = await givenSale(1, [{ stock: 1, price: 100 }, { price: 100 }]);
    const [m, l] = skuIds as [string, string];
    const [buyer, other] = [await aBuyer(), await aBuyer()];
    await bought(other, m);
    expect((await order(buyer, m)).code).toBe("sold_out");
    const first = (await decided(buyer, l)).body;
    expect((await decided(other, l)).code).toBe("user_limit_reached");

    expect((await cancel(buyer, first)).status).toBe(200);
    expect((await order(buyer, l)).status).toBe(202);
  });

  test("gets one order from many attempts at the same moment, and never a false refusal", async () => {
    const { skuIds } = await givenSale(
      1,
      Array.from({ length: 6 }, () => ({})),
    );
    const buyer = await aBuyer();
    const answers = await Promise.all(skuIds.map((skuId) => decided(buyer, skuId)));
    expect(tally(answers)).toEqual({ 202: 1, user_limit_reached: 5 });
  });

  test("can buy again after the hold ended, as soon as it has", async () => {
    const { skuIds } = await givenSale(1, [{ price: 100, holdSeconds: 1 }, {}]);
    const [m, l] = skuIds as [string, string];
    const buyer = await aBuyer();
    const { id } = await bought(buyer, m);
    await until(
      "the hold ended",
      async () => (await showOrder(buyer, id)).body.status === "expired",
    );
    expect((await order(buyer, l)).status).toBe(202);
  });
});

describe("a limit of the sale that changes", () => {
  test("counts what was bought before there was one, and costs nobody a unit", async () => {
    const { sale, skuIds } = await givenSale(undefined, [{}, {}, {}]);
    const [m, l, s] = skuIds as [string, string, string];
    const [ann, bob] = [await aBuyer(), await aBuyer()];
    const key = unique("key");
    const first = await bought(ann, m, { key });
    await bought(ann, l);
    await putSale({ ...sale, perUserLimit: 1 });

    expect((await decided(ann, s)).body).toMatchObject({ scope: "sale", limit: 1 });
    expect((await order(ann, m, { key })).body).toEqual(first);
    expect((await order(bob, s)).status).toBe(202);
    await putSale({ ...sale, perUserLimit: 3 });
    await bought(ann, s);
  });

  test("is kept by the object while an edge has not heard of it", async () => {
    const { sale, skuIds } = await givenSale(undefined, [{}, {}]);
    const [m, l] = skuIds as [string, string];
    const buyer = await aBuyer();
    await bought(buyer, m);
    await putSale({ ...sale, perUserLimit: 2 });
    const { reserve } = SkuInventory.prototype;
    const commands: unknown[] = [];
    const spy = vi.spyOn(SkuInventory.prototype, "reserve").mockImplementation(function (
      this: SkuInventory,
      command,
    ) {
      commands.push(command);
      // The edge of the first call did not know the limit.
      const { lease: _, ...unleased } = command;
      return reserve.call(this, commands.length === 1 ? unleased : command);
    });
    const answer = await order(buyer, l);
    spy.mockRestore();
    expect(answer.status).toBe(202);
    expect(commands.length).toBe(2);
  });
});

test("a lease without an order, left behind by an edge that died, is resolved by its ledger", async () => {
  const { sale, skuIds } = await givenSale(1, [{}, {}]);
  const [m, l] = skuIds as [string, string];
  const buyer = await aBuyer();
  const command = { saleId: sale.id, userId: buyer.id, skuId: m, key: "k", quantity: 1, limit: 1 };
  expect(await allowanceOf(sale, buyer).lease(command)).toMatchObject({ ok: true });
  const undecided = await order(buyer, l);
  expect(undecided).toMatchObject({ status: 503, code: "unavailable" });
  expect(undecided.headers.get("retry-after")).not.toBeNull();
  givenClock(Date.now() + 13_000);
  expect((await order(buyer, l)).status).toBe(202);
});

test("an order whose report was lost counts once its object wakes", async () => {
  const { sale, skuIds } = await givenSale(1, [{}, {}]);
  const [m, l] = skuIds as [string, string];
  const buyer = await aBuyer();
  const down = vi.spyOn(SaleAllowance.prototype, "settle").mockRejectedValue(new Error("down"));
  await bought(buyer, m);
  expect((await order(buyer, l)).status).toBe(503);
  down.mockRestore();
  await evict(env.SKU_INVENTORY.getByName(m));
  await evict(allowanceOf(sale, buyer));
  await settled(m);
  await until("the order counts", async () => (await order(buyer, l)).status === 409);
});

test("while its allowance does not answer, a buyer is told to come back, and still finds their order", async () => {
  const { skuIds } = await givenSale(2, [{}, {}]);
  const [m, l] = skuIds as [string, string];
  const buyer = await aBuyer();
  const key = unique("key");
  const first = await bought(buyer, m, { key });
  const down = vi.spyOn(SaleAllowance.prototype, "lease").mockRejectedValue(new Error("down"));
  expect((await order(buyer, l)).status).toBe(503);
  expect((await order(buyer, m, { key })).body).toEqual(first);
  down.mockRestore();
});

test("the sale's page and the catalog state the limit once, and offer nobody more", async () => {
  const { sale } = await givenSale(2, [{ perUserLimit: 5 }, { perUserLimit: 1 }]);
  const response = await exports.default.fetch(`${ORIGIN}/sales/${sale.id}`);
  const page = await response.text();
  expect(page.match(/2 per person, all items together/g)?.length).toBe(1);
  expect(page).not.toContain("Limit 5 per person");
  expect(page).toContain("Limit 1 per person");
  expect(page).toContain('<option value="2">');
  expect(page).not.toContain('<option value="3">');
  const { body } = await call<Sale>("GET", `/api/sales/${sale.id}`);
  expect(body.perUserLimit).toBe(2);
});
