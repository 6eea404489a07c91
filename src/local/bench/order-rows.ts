// Rows for accepted orders. An order through the whole Worker is measured against the order route of the comparator,
// which does the same work in its plainest form. The inventory object alone is measured against the object of that route.
import { AddressRange } from "./addresses.ts";
import { BATCH, bareRequests, DirectSku } from "./direct-sku.ts";
import { type RequestSpec, sendAll } from "./load-generator.ts";
import { mirrorResponse, newOrders, ORDER_BODY, PAID_ORDER_BODY } from "./requests.ts";
import { CALLERS, type Load, type Row } from "./row.ts";
import { PLENTIFUL, PRICED } from "./sales.ts";
import { type Testbed, waitUntilBareSettled, waitUntilSettled } from "./testbed.ts";

const toBareOrder = (request: RequestSpec): RequestSpec => ({ ...request, path: "/order" });

function newOrderRow(name: string, sku: string, body: string): Row {
  const addresses = new AddressRange();
  const requests: Load["requests"] = (testbed, count) =>
    newOrders(testbed, sku, count, addresses, body);
  return {
    name,
    requestsPerRound: 400,
    prepare: (testbed) => mirrorOrder(testbed, requests),
    subject: { worker: "doorbuster", status: 202, requests, drain: waitUntilSettled },
    baseline: {
      name: "bare order",
      worker: "comparator",
      status: 202,
      requests: async (testbed, count) => (await requests(testbed, count)).map(toBareOrder),
      drain: waitUntilBareSettled,
    },
  };
}

async function mirrorOrder(testbed: Testbed, requests: Load["requests"]): Promise<void> {
  const [order] = await requests(testbed, 1);
  if (order) await mirrorResponse(testbed, order);
  await waitUntilSettled(testbed);
}

/** Retries of orders that both Workers have already accepted. */
function repeatedOrderRow(): Row {
  const addresses = new AddressRange();
  let accepted: RequestSpec[] = [];
  return {
    name: "repeat of a settled order",
    requestsPerRound: CALLERS,
    subject: {
      worker: "doorbuster",
      status: 202,
      requests: (_, count) => accepted.slice(0, count),
    },
    baseline: {
      name: "repeat of a bare order",
      worker: "comparator",
      status: 202,
      requests: (_, count) => accepted.slice(0, count).map(toBareOrder),
    },
    async prepare(testbed) {
      accepted = await newOrders(testbed, PLENTIFUL, CALLERS, addresses);
      await sendAll(testbed.doorbuster, accepted, 202);
      await sendAll(testbed.comparator, accepted.map(toBareOrder), 202);
      await waitUntilSettled(testbed);
      await waitUntilBareSettled(testbed);
      await mirrorOrder(testbed, () => accepted);
    },
  };
}

function inventoryObjectRow(): Row {
  const sku = new DirectSku("bench-object");
  return {
    name: "order at the inventory object alone",
    requestsPerRound: 600,
    subject: {
      worker: "comparator",
      status: 202,
      requests: (_, count) => sku.reserveRequests(count),
      drain: (testbed) => sku.drain(testbed),
    },
    baseline: {
      name: "order at a bare object",
      worker: "comparator",
      status: 202,
      requests: (_, count) => bareRequests(count),
    },
    prepare: (testbed) => sku.open(testbed),
  };
}

function consumerRow(): Row {
  const sku = new DirectSku("bench-consumer");
  return {
    name: "orders settled by the consumer",
    requestsPerRound: 20,
    operationsPerRequest: BATCH,
    subject: {
      worker: "comparator",
      status: 204,
      requests: (testbed, count) => sku.consumeRequests(testbed, count),
    },
    prepare: (testbed) => sku.open(testbed),
  };
}

export const ORDER_ROWS: Row[] = [
  newOrderRow("order accepted", PLENTIFUL, ORDER_BODY),
  newOrderRow("paid order accepted", PRICED, PAID_ORDER_BODY),
  repeatedOrderRow(),
  inventoryObjectRow(),
  consumerRow(),
];
