// Compares the object and its real SQLite with the pure model under the same random histories. The object may be
// evicted between any two commands and must still match the model.
import fc from "fast-check";
import { expect, test } from "vitest";
import { toOrder, totalOf } from "../../src/inventory/order.ts";
import { dueRefund } from "../../src/inventory/returns.ts";
import { givenClock } from "../support/clock.ts";
import { captureQueue } from "../support/queue.ts";
import { suppressLiveStock, unique } from "../support/shop.ts";
import { type Command, externalHistory, history, SKU, START } from "./commands.ts";
import { LedgerModel } from "./ledger-model.ts";
import { inventory, putToSleep } from "./object.ts";

/** Applies a command to the object. The model's order of the same number identifies the order. */
async function atObject(name: string, model: LedgerModel, command: Command): Promise<void> {
  const object = inventory(name);
  const row =
    "order" in command ? [...model.orders.values()][command.order % model.orders.size] : undefined;
  switch (command.do) {
    case "configure":
      await object.configure({ skuId: SKU, revision: command.revision, offer: command.offer });
      return;
    case "reserve":
      await object.reserve(model.toReserve(command));
      return;
    case "tick":
      return;
  }
  if (!row) return;
  switch (command.do) {
    case "pay":
      await object.pay(row, command.token);
      return;
    case "cancel":
      await object.cancel(row);
      return;
    case "release":
      await object.release(row.orderId, { backOnSale: true });
      return;
    case "expire":
      await object.find(row);
      return;
    case "confirmFree": {
      using _claim = await object.claim([row]);
      return;
    }
    case "lookUp":
      // Happens only through an event, see payment-event.test.ts.
      return;
    case "report":
      await object.recordReport(row.orderId, { ...command.report, amount: totalOf(row) });
      return;
    case "refund":
      await object.refund(row.orderId, model.toRefund(command));
      return;
    case "settleRefund": {
      using claim = await object.claim([row]);
      const refundId = dueRefund(row)?.id;
      if (!refundId) return;
      const { result } = command;
      await claim.session.recordPayments([{ ...row, money: { ...result }, attempt: 1, refundId }]);
      return;
    }
    case "settle": {
      using claim = await object.claim([row]);
      const attempt = command.attempt ?? row.payment?.attempt ?? 1;
      await claim.session.recordPayments([{ ...row, money: { ...command.money }, attempt }]);
    }
  }
}

/** Applies a command to the model. Like the object, first expires ended holds, and confirms free orders at claims. */
function inModel(model: LedgerModel, command: Command): void {
  const all = [...model.orders.keys()];
  if (command.do !== "tick" && command.do !== "configure") {
    for (const index of all.keys()) model.apply({ do: "expire", order: index });
  }
  if (command.do === "lookUp") return;
  if (command.do === "settle" || command.do === "settleRefund")
    model.apply({ do: "confirmFree", order: command.order });
  model.apply(command);
}

async function expectSame(name: string, model: LedgerModel): Promise<void> {
  const report = await inventory(name).report();
  for (const index of [...model.orders.keys()].keys()) model.apply({ do: "expire", order: index });
  const { stocked, held, sold } = model.stock;
  expect(report).toMatchObject({ stocked, held, sold, available: stocked - held - sold });
  const due = [...model.charges].filter(([, state]) => state === "refund_due");
  expect(report?.refundsDue.map((one) => `${one.orderId} ${one.reference}`) ?? []).toEqual(
    due.map(([key]) => key).sort(),
  );
  const { orders } = await inventory(name).page(null);
  const byId = (a: { id: string }, b: { id: string }) => a.id.localeCompare(b.id);
  expect(orders.map(({ order }) => order).sort(byId)).toEqual(
    [...model.orders.values()].map(toOrder).sort(byId),
  );
}

const sleeps = fc.infiniteStream(fc.boolean());

test.each([
  ["any history", history],
  ["any reports of the shop's own checkout", externalHistory],
])(
  "the object matches the model after %s, even if it is evicted between commands",
  async (_, any) => {
    captureQueue();
    suppressLiveStock();
    const clock = givenClock(START);
    await fc.assert(
      fc.asyncProperty(any, sleeps, async (commands, sleeping) => {
        const name = unique("model");
        const model = new LedgerModel();
        for (const command of commands) {
          clock.moveTo(model.now + (command.do === "tick" ? command.ms : 0));
          await atObject(name, model, command);
          inModel(model, command);
          if (sleeping.next().value) await putToSleep(name);
          await expectSame(name, model);
        }
      }),
      { numRuns: 25 },
    );
  },
);
