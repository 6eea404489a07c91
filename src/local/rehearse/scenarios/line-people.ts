// The people of a line, by role. Everyone looks at the line as often as the sale page does.
import { setTimeout as pause } from "node:timers/promises";
import { isAdmitted, pollAfter } from "../../../admission/standing.ts";
import type { Answer, PublicLine } from "../../client.ts";
import { outcome, retryAfterSeconds } from "../contract.ts";
import { addSample, type LineRecord, type TicketGiven } from "../line-record.ts";
import type { Buyer, ScenarioContext } from "../scenario.ts";
import { sendWithRetry } from "../send.ts";
import { type Attacker, attack } from "./line-attackers.ts";
import { buy, cancel } from "./order-actions.ts";

export interface LineContext extends ScenarioContext {
  record: LineRecord;
  /** The random numbers of one person. */
  chance: () => number;
}

type Person =
  /** Registers before the opening, and buys at their turn. */
  | "early"
  /** Comes after the opening. */
  | "late"
  /** Registers, and is never seen again. */
  | "leaver"
  /** The phone sleeps through the turn. */
  | "sleeper"
  /** The same for longer than units are kept in mind for them. */
  | "long sleeper"
  /** Asks for the ticket again, with the ticket and without. */
  | "reloader"
  /** Joins with ten devices at once, and orders with all of them. */
  | "ten devices"
  /** Orders before their turn, again and again. */
  | "impatient"
  /** Orders, then cancels. */
  | "undecided";

/** One of each twenty people has each of these roles. */
export const ROLES: (Person | Attacker)[] = [
  ...["early", "late", "reloader", "ten devices", "late", "impatient", "sleeper"],
  ...["another's ticket", "late", "early", "undecided", "forged ticket", "early", "late"],
  ...["no ticket", "long sleeper", "early", "late", "early", "leaver"],
] as (Person | Attacker)[];

/** How long before the close the last early ticket is asked for, so that its answer comes before. */
const MARGIN_MS = 3_000;
const LATE_SECONDS = 12;
const SLEEP_MS = { sleeper: 15_000, "long sleeper": 65_000 };
const DEVICES = 10;
const RECONNECT_MS = 500;

/** Runs everything that one person does. */
export async function runRole(
  context: LineContext,
  buyer: Buyer,
  role: Person | Attacker,
): Promise<void> {
  await arrive(context, role);
  if (role === "another's ticket" || role === "forged ticket" || role === "no ticket") {
    return attack(context, buyer, role);
  }
  const { ticket } = await join(context, buyer, role === "ten devices" ? DEVICES : 1);
  if (role === "leaver") return;
  if (role === "reloader") {
    await join(context, buyer, 1);
    await askTicket(context, buyer, ticket);
  }
  if (role === "impatient") await orderTooEarly(context, buyer, ticket);
  if (!(await waitForTurn(context, buyer, ticket))) return;
  if (role === "sleeper" || role === "long sleeper") await pause(SLEEP_MS[role]);
  await takeTurn(context, buyer, ticket, role);
}

async function arrive({ record, client, chance }: LineContext, role: Person | Attacker) {
  const now = client.now();
  const isLate = role === "late";
  const from = isLate ? record.closesAt : now;
  const until = isLate ? from + LATE_SECONDS * 1_000 : record.closesAt - MARGIN_MS;
  await pause(Math.max(0, from + chance() * (until - from) - now));
}

/** Asks for first tickets on several devices at once. Returns the first of them. */
async function join(context: LineContext, buyer: Buyer, devices: number): Promise<TicketGiven> {
  const asked = Array.from({ length: devices }, () => askTicket(context, buyer));
  return (await Promise.all(asked))[0] as TicketGiven;
}

/** Asks for a ticket, or shows the one that the buyer has. */
async function askTicket(
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
async function untilAnswered<Body>(
  send: () => Promise<Answer<Body> | undefined>,
): Promise<Answer<Body>> {
  for (;;) {
    const answer = await send();
    if (answer !== undefined) return answer;
    await pause(RECONNECT_MS);
  }
}

/** One look at the line. */
async function look(context: LineContext, { user }: Buyer): Promise<PublicLine> {
  const { client, recorder, record, saleId } = context;
  const { sentAt, ms, body } = await untilAnswered(() =>
    sendWithRetry(recorder, "line", () => client.line(saleId)),
  );
  addSample(record, body);
  record.looks.push({ user, sentAt, answeredAt: sentAt + ms, over: body.over });
  return body;
}

/** Looks at the line until the person is admitted, or the line is over. Returns whether they are admitted. */
async function waitForTurn(context: LineContext, buyer: Buyer, ticket: string): Promise<boolean> {
  let place: number | null = null;
  for (;;) {
    const line = await look(context, buyer);
    if (line.over) return false;
    if (place === null && line.frontier > 0) {
      ({ place } = await askTicket(context, buyer, ticket));
    }
    if (place !== null && isAdmitted(line, place)) return true;
    const { client, chance } = context;
    await pause(pollAfter(line, place, client.now(), chance()) * 1_000);
  }
}

async function orderTooEarly(context: LineContext, buyer: Buyer, ticket: string): Promise<void> {
  const { record, client, chance, recorder, run } = context;
  await pause(Math.max(0, record.closesAt + 10_000 * chance() - client.now()));
  const key = `${run}-${buyer.nth}-early`;
  const purchase = recorder.startPurchase(buyer.user, buyer.sku.id, key);
  await buy(context, buyer, purchase, { kind: "buy (line)", ticket });
}

/** Orders until the person has a unit, or the line is over. */
async function takeTurn(context: LineContext, buyer: Buyer, ticket: string, role: Person) {
  const { recorder, run } = context;
  const isPaid = buyer.sku.unitPrice.amount > 0 && role !== "undecided";
  const options = {
    kind: "buy (line)",
    ticket,
    ...(isPaid && { method: "good" as const }),
  } as const;
  for (let attempt = 0; ; attempt += 1) {
    const keys = Array.from(
      { length: role === "ten devices" ? DEVICES : 1 },
      (_, device) => `${run}-${buyer.nth}-${attempt}-${device}`,
    );
    const purchases = keys.map((key) => recorder.startPurchase(buyer.user, buyer.sku.id, key));
    const answers = await Promise.all(
      purchases.map((purchase) => untilAnswered(() => buy(context, buyer, purchase, options))),
    );
    const accepted = answers.find(({ status }) => status === 202);
    if (accepted) {
      if (role === "undecided") await cancel(context, buyer, accepted.body.id);
      return;
    }
    if (answers.some((answer) => outcome(answer) === "user_limit_reached")) return;
    await pause(Math.max(...answers.map(retryAfterSeconds)) * 1_000);
    if (!(await waitForUnits(context, buyer))) return;
  }
}

/** Looks at the line until units are free, or the line is over. Returns whether units are free. */
async function waitForUnits(context: LineContext, buyer: Buyer): Promise<boolean> {
  for (;;) {
    const line = await look(context, buyer);
    if (line.over) return false;
    if (!line.mayReturn) return true;
    await pause(line.pollSeconds * 1_000);
  }
}
