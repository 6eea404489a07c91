// A SKU with one object pays nothing for lanes. Its rows are pinned in `test/inventory/cost.test.ts`.
import { expect, test, vi } from "vitest";
import { givenClock } from "../../support/clock.ts";
import { captureQueue } from "../../support/queue.ts";
import { START } from "../commands.ts";
import { aReservation, givenUnits, inside } from "../object.ts";

test("a SKU with one object calls no other one, and stores nothing about lanes", async () => {
  captureQueue();
  givenClock(START);
  const skuId = await givenUnits(2, { price: 100 });
  const { calls, setup } = await inside(skuId, async (object, state) => {
    const { SKU_INVENTORY } = (object as unknown as { env: Env }).env;
    const spy = vi.spyOn(SKU_INVENTORY, "getByName");
    const orders = [aReservation(skuId), aReservation(skuId), aReservation(skuId)];
    const answers = [];
    for (const order of orders) answers.push(await object.reserve(order));
    expect(answers.map(({ ok }) => ok)).toEqual([true, true, false]);
    await object.cancel(orders[0] as (typeof orders)[0]);
    await object.report();
    await object.page(null);
    const { length } = spy.mock.calls;
    spy.mockRestore();
    const [row] = state.storage.sql.exec("SELECT document FROM setup").toArray();
    return { calls: length, setup: JSON.parse(row?.document as string) as object };
  });
  expect(calls).toBe(0);
  expect(setup).not.toHaveProperty("account");
  expect(setup).not.toHaveProperty("share");
});
