// Reads and checks the draw of a line: the commitment before the close, the whole draw at the end.
import { QUICKNET } from "../../admission/beacon-chain.ts";
import type { DrawDocument } from "../../admission/draw.ts";
import { earlyPlaceWeb } from "../../admission/place-web.ts";
import { verifyDraw } from "../../admission/verify-draw.ts";
import { isEarly, type LineRecord } from "./line-record.ts";
import { isLocal } from "./options.ts";
import type { ScenarioContext } from "./scenario.ts";
import { sendWithRetry } from "./send.ts";

async function readDraw({ client, recorder, saleId }: ScenarioContext): Promise<unknown> {
  const answer = await sendWithRetry(recorder, "draw", () => client.draw(saleId));
  return answer?.status === 200 ? answer.body : undefined;
}

/** Reads the commitment, before registration closes. */
export async function readCommitment(context: ScenarioContext, record: LineRecord): Promise<void> {
  record.committed = await readDraw(context);
}

/** Reads the revealed draw, checks it, and computes everyone's place from it. */
export async function readRevealed(context: ScenarioContext, record: LineRecord): Promise<void> {
  const draw = await readDraw(context);
  const { saleId, beacon, client } = context;
  // The beacon of another local instance is a stand-in with a chain of its own.
  const named = isLocal(client.url) ? (draw as DrawDocument | undefined)?.chain : undefined;
  const chain = beacon ?? named ?? QUICKNET;
  Object.assign(record, { draw, chain, checks: await verifyDraw(draw, { chain }) });
  if (!record.checks.every(({ ok }) => ok)) return;
  const { seed, randomness } = draw as { seed: string; randomness: string };
  for (const ticket of record.tickets) {
    if (!isEarly(record, ticket) || record.drawnPlaces.has(ticket.user)) continue;
    const person = { saleId, userId: ticket.user };
    record.drawnPlaces.set(ticket.user, await earlyPlaceWeb({ seed, randomness }, person));
  }
}
