// Refuses people whose turn it is not yet, where a sale has a line: from the line that the edge reads with the live
// stock, without I/O of its own. The SKU's object decides again (src/inventory/line-gate.ts).
import { getCookie } from "hono/cookie";
import { decideAdmission } from "../admission/admit.ts";
import type { Registrant } from "../admission/place-formula.ts";
import type { PublicLine } from "../admission/public-line.ts";
import { lineSettings } from "../admission/settings.ts";
import { etaSeconds } from "../admission/standing.ts";
import { readTicket, type Ticket } from "../admission/ticket.ts";
import { type EdgeLine, readPublishedLine } from "../catalog/live-reading.ts";
import { type Refusal, refuse } from "../errors.ts";
import type { AppContext } from "../http.ts";
import { buyerHash } from "../inventory/buyers.ts";
import type { Buying, Stage } from "./attempt.ts";
import { mayBeRetry } from "./sold-out.ts";

/** A ticket with its text. */
export type HeldTicket = Ticket & { token: string };

/** Named by sale and person: each account that uses a browser keeps its own ticket. */
export const ticketCookie = ({ saleId, userId }: Registrant): string =>
  `ticket-${saleId}-${buyerHash(userId).toString(36)}`;

/** The earliest ticket that this person shows for the sale, in the body or the cookie. Others are ignored. */
export function shownTicket(
  c: AppContext,
  person: Registrant,
  inBody: string | undefined,
): HeldTicket | undefined {
  const { SIGNING_SECRET } = c.get("config");
  return [inBody, getCookie(c, ticketCookie(person))]
    .flatMap((token) => {
      const ticket = readTicket(SIGNING_SECRET, token, person);
      return ticket && token ? [{ ...ticket, token }] : [];
    })
    .toSorted((a, b) => a.at - b.at)[0];
}

const MAX_RETRY_SECONDS = 60;
/** When to come back while nobody can say how long the line takes, for example because it is paused. */
const UNKNOWN_SECONDS = 10;

/** The refusal of a person whose turn it is not yet. Says when it may be, at the soonest. */
export function notAdmittedYet(line: PublicLine | undefined, place: number | null): Refusal {
  const retryAfterSeconds = Math.min(MAX_RETRY_SECONDS, Math.max(1, soonest(line, place)));
  return refuse("not_admitted_yet", { retryAfterSeconds });
}

function soonest(line: PublicLine | undefined, place: number | null): number {
  if (!line || place === null) return Math.ceil(line?.pollSeconds ?? 1);
  return etaSeconds(line, place)?.[0] ?? UNKNOWN_SECONDS;
}

const TICKET_REQUIRED = refuse("ticket_required", {
  detail: "This sale has a line. Get a ticket first: POST /api/sales/{saleId}/tickets",
});

export const admission: Stage<Buying> = {
  name: "admission",
  async check(attempt) {
    const { c, entry, userId, body } = attempt;
    if (!lineSettings(entry.sale)) return undefined;
    const person = { saleId: entry.sale.id, userId };
    const ticket = shownTicket(c, person, body.ticket);
    // Anyone without a ticket may be repeating an accepted order, so the object looks it up.
    if (!ticket) attempt.pending = TICKET_REQUIRED;
    if (!ticket) return undefined;
    const published = await readPublishedLine(c.get("scope"), entry);
    attempt.turn = { ticket: ticket.token, isChallenged: ticket.challenged, published };
    const refusal = published && refuseTurn(attempt, person, ticket, published);
    if (!refusal || !mayBeRetry(attempt)) return refusal;
    attempt.pending = refusal;
    return undefined;
  },
};

function refuseTurn(
  { c }: Buying,
  person: Registrant,
  ticket: Ticket,
  { line, known }: EdgeLine,
): Refusal | undefined {
  const { SIGNING_SECRET } = c.get("config");
  // Without a readable pass, the object decides by those that it has seen.
  const decision = known && decideAdmission(SIGNING_SECRET, person, ticket, known);
  return decision?.ok === false && decision.reason === "not_admitted_yet"
    ? notAdmittedYet(line, decision.place)
    : undefined;
}
