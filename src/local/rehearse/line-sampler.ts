// Watches a line from outside while it is rehearsed, and kills the instance under it.
import { setTimeout as pause } from "node:timers/promises";
import { addSample, type LineRecord } from "./line-record.ts";
import type { ScenarioContext } from "./scenario.ts";
import { sendOnce } from "./send.ts";

const INTERVAL_MS = 250;
/** Objects publish their stock again within this time after a restart. */
const SETTLED_WITHIN_MS = 5_000;

/** Reads the line and the ledger again and again, until `ended` aborts. */
export async function watchLine(
  context: ScenarioContext,
  record: LineRecord,
  ended: AbortSignal,
): Promise<void> {
  const { client, recorder, saleId } = context;
  while (!ended.aborted) {
    const answer = await sendOnce(recorder, "line", () => client.line(saleId));
    if (answer?.status === 200) addSample(record, answer.body);
    await watchLedger(context, record);
    await pause(INTERVAL_MS);
  }
}

async function watchLedger(
  { client, skus, ledgers }: ScenarioContext,
  record: LineRecord,
): Promise<void> {
  const askedAt = client.now();
  // The instance may be down.
  const ledger = await client.ledger(skus[0]?.id ?? "").catch(() => undefined);
  if (ledger === undefined) return;
  const { available, held } = ledger;
  ledgers.push(ledger);
  const isSoldForGood = available + held === 0;
  record.soldOutAt = isSoldForGood ? (record.soldOutAt ?? askedAt) : undefined;
}

/** Kills the instance when this share of the units is taken, unless `ended` aborts before. Does nothing if there is no way. */
export async function killAt(
  { restart, recorder, ledgers }: ScenarioContext,
  record: LineRecord,
  share: number,
  ended: AbortSignal,
): Promise<void> {
  if (restart === undefined) return;
  const isDue = () => {
    const { held = 0, sold = 0, stocked = 1 } = ledgers.at(-1) ?? {};
    return (held + sold) / stocked >= share;
  };
  while (!isDue() && !ended.aborted) await pause(INTERVAL_MS);
  if (ended.aborted) return;
  recorder.state = "down";
  await restart();
  recorder.state = "unsettled";
  record.kills += 1;
  await pause(SETTLED_WITHIN_MS);
  recorder.state = "up";
}
