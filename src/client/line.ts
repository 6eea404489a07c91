// Waiting in the line of a sale.
import { isAdmitted, pollAfter } from "../admission/standing.ts";
import type { Line, Ticket } from "./api.gen.ts";
import { isPassing } from "./errors.ts";
import type { Transport } from "./transport.ts";
import { type Abortable, pause } from "./wait.ts";

export interface WaitOptions extends Abortable {
  /** A ticket that this buyer has, from this device or another one. The earliest counts. */
  ticket?: string | undefined;
  /** Hears of the ticket before the wait. Store it: it is the place, and `ticket` of a later call resumes it. */
  onTicket?(ticket: Ticket): void;
  /** Hears of the place and the line after each look. */
  onLine?(line: Line, ticket: Ticket): void;
}

/**
 * Joins the line of a sale, and waits until it is the buyer's turn, or the line is over. Once the place is known, the wait
 * outlasts lost connections. The server's times count, not the device's clock.
 */
export async function waitInLine(
  transport: Transport,
  saleId: string,
  { ticket, onTicket, onLine, signal }: WaitOptions = {},
): Promise<Ticket> {
  const path = `/sales/${encodeURIComponent(saleId)}`;
  const show = async (held: string | undefined) => {
    const body = held === undefined ? {} : { ticket: held };
    const sent = { body, isPersonal: true, signal };
    const shown = await transport.send<Ticket>("POST", `${path}/tickets`, sent);
    onTicket?.(shown);
    return shown;
  };
  let mine = await show(ticket);
  let line: Line | undefined;
  while (mine.state === "waiting") {
    const seen: Line | undefined = line;
    line = await transport.send<Line>("GET", `${path}/line`, { signal }).catch(orElse(seen));
    const { place } = mine;
    if (line !== seen) onLine?.(line, mine);
    const isTurn = place !== null && isAdmitted(line, place);
    if (isTurn || line.over) return { ...mine, state: isTurn ? "admitted" : "over" };
    const asOf = Date.parse(line.asOf);
    await pause(1_000 * pollAfter(line, place, asOf, Math.random()), signal);
    // The places are known a moment after the close.
    const isDrawn = place === null && asOf >= Date.parse(line.registrationClosesAt);
    if (isDrawn) mine = await show(mine.ticket).catch(orElse(mine));
  }
  return mine;
}

/** Keeps what was known while the server does not answer. */
const orElse =
  <Value>(known: Value | undefined) =>
  (error: unknown): Value => {
    if (known === undefined || !isPassing(error)) throw error;
    return known;
  };
