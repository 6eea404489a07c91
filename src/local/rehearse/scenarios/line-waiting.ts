// How people in a line wait: they get a ticket, and look at the line as often as the sale page does.
import { setTimeout as pause } from "node:timers/promises";
import { isAdmitted, pollAfter } from "../../../admission/standing.ts";
import type { Answer, PublicLine } from "../../client.ts";
import { addSample, type LineRecord, type TicketGiven } from "../line-record.ts";
import type { Buyer, ScenarioContext } from "../scenario.ts";
import { sendWithRetry } from "../send.ts";

export interface LineContext extends ScenarioContext {
  record: LineRecord;
  /** The random numbers of one person. */
  chance: () => number;
}

const RECONNECT_MS = 500;

/** Asks for first tickets on several devices at once. Returns the first of them. */
export async function join(
  context: LineContext,
  buyer: Buyer,
  devices: number,
): Promise<TicketGiven> {
  const asked = Array.from({ length: devices }, () => askTicket(context, buyer));
  return (await Promise.all(asked))[0] as TicketGiven;
}

/** Asks for a ticket, or shows the one that the buyer has. */
export async function askTicket(
  { client, recorder, record, saleId }: LineContext,
  buyer: Buyer,
  ticket?: string,
): Promise<TicketGiven> {
  const answer = await untilAnswered(() =>
    sendWithRetry(recorder, "ticket", () => client.ticket(saleId, buyer, ticket)),
  );
  const { sentAt, ms, body } = answer;
  const given = { user: buyer.user, sentAt, answeredAt: sentAt + ms, ...body };
  record.tickets.push(given);
  return given;
}

/** Repeats a request until it gets an answer, as a phone without a network does. */
export async function untilAnswered<Body>(
  send: () => Promise<Answer<Body> | undefined>,
): Promise<Answer<Body>> {
  for (;;) {
    const answer = await send();
    if (answer !== undefined) return answer;
    await pause(RECONNECT_MS);
  }
}

/** One look at the line. */
async function look(
  context: LineContext,
  { user }: Buyer,
  isWaiting: boolean,
): Promise<PublicLine> {
  const { client, recorder, record, saleId } = context;
  const { sentAt, ms, body } = await untilAnswered(() =>
    sendWithRetry(recorder, "line", () => client.line(saleId)),
  );
  addSample(record, body);
  record.looks.push({ user, sentAt, answeredAt: sentAt + ms, over: body.over, isWaiting });
  return body;
}

/** Looks at the line until the person is admitted, or the line is over. Returns whether they are admitted. */
export async function waitForTurn(
  context: LineContext,
  buyer: Buyer,
  ticket: string,
): Promise<boolean> {
  let place: number | null = null;
  for (;;) {
    const line = await look(context, buyer, true);
    if (line.over) return false;
    if (place === null && line.frontier > 0) {
      ({ place } = await askTicket(context, buyer, ticket));
    }
    if (place !== null && isAdmitted(line, place)) return true;
    const { client, chance } = context;
    await pause(pollAfter(line, place, client.now(), chance()) * 1_000);
  }
}

/** Looks at the line until units are free, or the line is over. Returns whether units are free. */
export async function waitForUnits(context: LineContext, buyer: Buyer): Promise<boolean> {
  for (;;) {
    const line = await look(context, buyer, false);
    if (line.over) return false;
    if (!line.mayReturn) return true;
    await pause(line.pollSeconds * 1_000);
  }
}
