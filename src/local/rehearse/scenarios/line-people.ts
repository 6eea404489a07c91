// The people of a line, by role. Everyone looks at the line as often as the sale page does.
import { setTimeout as pause } from "node:timers/promises";
import type { Buyer } from "../scenario.ts";
import { type Attacker, attack } from "./line-attackers.ts";
import { orderTooEarly, orderWhileDenied, takeTurn } from "./line-orders.ts";
import { askTicket, join, type LineContext, waitForTurn } from "./line-waiting.ts";

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
  /** Asks for the ticket again, with the ticket and without. Repeats the accepted order. */
  | "reloader"
  /** Joins with ten devices at once, and orders with all of them. */
  | "ten devices"
  /** Orders before the opening, and before their turn. */
  | "impatient"
  /** The operator denies them for some seconds. */
  | "denied"
  /** Orders, then cancels. */
  | "undecided";

/** One of each twenty people has each of these roles. */
export const ROLES: (Person | Attacker)[] = [
  ...["early", "late", "reloader", "ten devices", "late", "impatient", "sleeper"],
  ...["another's ticket", "late", "early", "undecided", "forged ticket", "early", "late"],
  ...["no ticket", "long sleeper", "denied", "late", "early", "leaver"],
] as (Person | Attacker)[];

/** How long before the close the last early ticket is asked for, so that its answer comes before. */
const MARGIN_MS = 3_000;
const LATE_SECONDS = 12;
const SLEEP_MS = { sleeper: 15_000, "long sleeper": 65_000 };
const DEVICES = 10;

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
  const devices = role === "ten devices" ? DEVICES : 1;
  const { ticket } = await join(context, buyer, devices);
  if (role === "leaver") return;
  if (role === "reloader") {
    await join(context, buyer, 1);
    await askTicket(context, buyer, ticket);
  }
  if (role === "impatient") await orderTooEarly(context, buyer, ticket);
  if (role === "denied") await orderWhileDenied(context, buyer, ticket);
  if (!(await waitForTurn(context, buyer, ticket))) return;
  if (role === "sleeper" || role === "long sleeper") await pause(SLEEP_MS[role]);
  const habits = { devices, cancels: role === "undecided", repeats: role === "reloader" };
  await takeTurn(context, buyer, ticket, habits);
}

async function arrive({ record, client, chance }: LineContext, role: Person | Attacker) {
  const now = client.now();
  const isLate = role === "late";
  const from = isLate ? record.closesAt : now;
  const until = isLate ? from + LATE_SECONDS * 1_000 : record.closesAt - MARGIN_MS;
  await pause(Math.max(0, from + chance() * (until - from) - now));
}
