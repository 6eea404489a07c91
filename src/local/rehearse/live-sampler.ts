// Polls a sale's live stock, as an open sale page does.
import { setTimeout as pause } from "node:timers/promises";
import type { ScenarioContext } from "./scenario.ts";
import { sendWithRetry } from "./send.ts";

const POLL_INTERVAL_MS = 250;

/** Appends live answers to the context until `ended` aborts. */
export async function sampleLiveStock(context: ScenarioContext, ended: AbortSignal): Promise<void> {
  const { client, recorder, saleId, live } = context;
  while (!ended.aborted) {
    const answer = await sendWithRetry(recorder, "live", () => client.live(saleId));
    // The edge serves the same answer for a second: polls within it add nothing.
    const isNew = answer?.status === 200 && answer.body.asOf !== live.at(-1)?.asOf;
    if (isNew && recorder.state === "up") {
      live.push({ ...answer.body, answeredAt: answer.sentAt + answer.ms });
    }
    await pause(POLL_INTERVAL_MS);
  }
}
