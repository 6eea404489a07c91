// Waiting in the line of a sale.
import { isAdmitted, pollAfter } from "../admission/standing.ts";
import type { Line, Ticket } from "./api.gen.ts";
import type { ServerClock } from "./clock.ts";
import type { Transport } from "./transport.ts";
import { type Abortable, pause } from "./wait.ts";

export interface WaitOptions extends Abortable {
  /** A ticket that this buyer has, from this device or another one. The earliest counts. */
  ticket?: string | undefined;
  /** Hears of the place and the line after each look. */
  onLine?(line: Line, ticket: Ticket): void;
}

/**
 * Joins the line of a sale, and waits until it is the buyer's turn, or the line is over. Keep the `ticket` that `onLine`
 * gets: it is the place.
 */
export async function waitInLine(
  transport: Transport,
  clock: ServerClock,
  saleId: string,
  { ticket, onLine, signal }: WaitOptions = {},
): Promise<Ticket> {
  const show = (held: string | undefined) =>
    transport.send<Ticket>("POST", `/sales/${encodeURIComponent(saleId)}/tickets`, {
      body: held === undefined ? {} : { ticket: held },
      isPersonal: true,
      signal,
    });
  const look = () =>
    transport.send<Line>("GET", `/sales/${encodeURIComponent(saleId)}/line`, { signal });
  let mine = await show(ticket);
  while (mine.state === "waiting") {
    const line = await look();
    const { place } = mine;
    onLine?.(line, mine);
    const isTurn = place !== null && isAdmitted(line, place);
    const isDrawn = place === null && clock.now() > Date.parse(line.registrationClosesAt);
    if (isTurn || line.over) return { ...mine, state: isTurn ? "admitted" : "over" };
    await pause(1_000 * pollAfter(line, place, clock.now(), Math.random()), signal);
    // The places are known a moment after the close.
    if (isDrawn) mine = await show(mine.ticket);
  }
  return mine;
}
