// The operator refunds an order while people wait: its units go to the next in line.
import type { LedgerOrder } from "../../client.ts";
import { Operator } from "../operator.ts";
import type { ScenarioContext } from "../scenario.ts";
import { untilReturned, untilSku } from "./refund-actions.ts";

/** Refunds the first order that is confirmed, unless `ended` aborts before, and waits until its units are back on sale. */
export async function refundFirst(context: ScenarioContext, ended: AbortSignal): Promise<void> {
  let confirmed: LedgerOrder | undefined;
  await untilSku(context, async ({ client }, sku) => {
    confirmed = (await client.ledgerOrders(sku)).find(({ status }) => status === "confirmed");
    return confirmed !== undefined || ended.aborted;
  });
  if (!confirmed || ended.aborted) return;
  await new Operator(context).refund(confirmed, { backOnSale: true });
  await untilReturned(context);
}
