// Looks at a sale's live stock again and again, as an open page does.
import { setTimeout as pause } from "node:timers/promises";
import { patiently } from "./patience.ts";
import type { Stage } from "./scene.ts";

const EVERY_MS = 250;

/** Samples until `ended`; the answers go into the stage's notes. */
export async function watchLive(stage: Stage, ended: AbortSignal): Promise<void> {
  const { client, record, saleId, live } = stage;
  while (!ended.aborted) {
    const answer = await patiently(record, "live", () => client.live(saleId));
    // One answer serves everybody for a second.
    if (answer?.status === 200 && answer.body.asOf !== live.at(-1)?.asOf) {
      live.push(answer.body);
    }
    await pause(EVERY_MS);
  }
}
