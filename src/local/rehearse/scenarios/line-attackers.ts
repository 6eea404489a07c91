// People who try to buy without a turn of their own: with another person's ticket, with a forged one, or with none.
import { setTimeout as pause } from "node:timers/promises";
import type { RequestKind } from "../contract.ts";
import type { Buyer } from "../scenario.ts";
import { sendWithRetry } from "../send.ts";
import type { LineContext } from "./line-waiting.ts";

export type Attacker = "another's ticket" | "forged ticket" | "no ticket";

const ATTEMPTS = 8;
const INTERVAL_MS = 5_000;

/** Orders again and again while others are admitted. */
export async function attack(context: LineContext, buyer: Buyer, how: Attacker): Promise<void> {
  const { client, recorder, record, run } = context;
  const kind: RequestKind = "buy without a turn";
  await pause(Math.max(0, record.closesAt - client.now()));
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const ticket = await ticketFor(context, buyer, how);
    const key = `${run}-${buyer.nth}-${attempt}`;
    const body = { quantity: 1, ...(ticket !== undefined && { ticket }) };
    const send = () => client.order(buyer.sku.id, key, buyer, body);
    const answer = await sendWithRetry(recorder, kind, send);
    if (answer) record.attempts.push({ user: buyer.user, answer });
    await pause(INTERVAL_MS * (0.5 + context.chance()));
  }
}

async function ticketFor(
  context: LineContext,
  buyer: Buyer,
  how: Attacker,
): Promise<string | undefined> {
  if (how === "no ticket") return undefined;
  const { record, chance } = context;
  const frontier = record.samples.at(-1)?.frontier ?? 0;
  const admitted = record.tickets.filter(({ place }) => place !== null && place <= frontier);
  const others = admitted.length > 0 ? admitted : record.tickets;
  const other = others[Math.floor(chance() * others.length)]?.ticket;
  return other === undefined || how === "another's ticket" ? other : forged(other, buyer, chance());
}

/** Another person's ticket changed into one that would be this buyer's, or that would be an hour older. */
function forged(ticket: string, { user }: Buyer, random: number): string {
  const [payload = "", signature = ""] = ticket.split(".");
  const [saleId, subject, at] = JSON.parse(Buffer.from(payload, "base64url").toString());
  const changed =
    random < 0.5 ? [saleId, user.slice(0, 16), at, 0] : [saleId, subject, at - 3_600_000, 0];
  return `${Buffer.from(JSON.stringify(changed)).toString("base64url")}.${signature}`;
}
