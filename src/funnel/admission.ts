// Refuses people whose turn it is not yet, where a sale has a line: from the line that the edge reads with the live
// stock, without I/O of its own. The SKU's object decides again (src/inventory/line-gate.ts).
import { getCookie } from "hono/cookie";
import { decideAdmission } from "../admission/admit.ts";
import { ROUND_DELAY_MS } from "../admission/draw.ts";
import type { Registrant } from "../admission/place-formula.ts";
import type { PublicLine } from "../admission/public-line.ts";
import { lineSettings, registrationOf } from "../admission/settings.ts";
import { etaSeconds, isBeyondReach } from "../admission/standing.ts";
import { readTicket, type Ticket } from "../admission/ticket.ts";
import { readPublishedLine } from "../catalog/live-reading.ts";
import type { EdgeLine } from "../catalog/live-texts.ts";
import { heldCatalog } from "../catalog/snapshot.ts";
import { type Refusal, refuse } from "../http/errors.ts";
import type { AppContext } from "../http/request.ts";
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

/**
 * The refusal is pending if the person may have an order from another device, another edge, or before the sale had its
 * line. Only the object knows, and looks it up.
 */
export const admission: Stage<Buying> = {
  name: "admission",
  async check(attempt) {
    const { c, entry, userId, body } = attempt;
    if (!lineSettings(entry.sale)) return undefined;
    const person = { saleId: entry.sale.id, userId };
    const ticket = shownTicket(c, person, body.ticket);
    const published = ticket && (await readPublishedLine(c.get("scope"), entry));
    if (ticket) {
      attempt.turn = { ticket: ticket.token, isChallenged: ticket.challenged, published };
    }
    const turn = ticket ? decideTurn(c, person, ticket, published) : { refusal: TICKET_REQUIRED };
    if (!turn.refusal) return undefined;
    if (isUnserved(attempt, turn) && !mayBeRetry(attempt)) return turn.refusal;
    attempt.pending = turn.refusal;
    return undefined;
  },
};

interface Turn {
  refusal?: Refusal;
  /** Whether the line cannot have admitted the person with any ticket. */
  isFarBack?: boolean;
}

function decideTurn(
  c: AppContext,
  person: Registrant,
  ticket: Ticket,
  published: EdgeLine | undefined,
): Turn {
  const { SIGNING_SECRET } = c.get("config");
  // Without a readable pass, the object decides by those that it has seen.
  if (!published?.known) return {};
  const { line, known } = published;
  const decision = decideAdmission(SIGNING_SECRET, person, ticket, known);
  if (decision.ok || decision.reason !== "not_admitted_yet") return {};
  const { place } = decision;
  // Nobody has a better place than with an early ticket. Before a late one there may have been another.
  const isBest = place !== null && ticket.at < known.closesAt;
  const isFarBack = isBest && isBeyondReach(line, place, Date.now());
  return { refusal: notAdmittedYet(line, place), isFarBack };
}

/**
 * Whether the person certainly has no order: the SKU sold nothing before the line, and the line cannot have admitted them.
 * Nobody is admitted before the beacon's round.
 */
function isUnserved({ entry, skuId, now }: Buying, { isFarBack = false }: Turn): boolean {
  const { closesAt } = registrationOf(entry.sale) as { closesAt: number };
  const isBeforeDraw = now < closesAt + ROUND_DELAY_MS;
  const hasSold = heldCatalog()?.hasSoldBefore(skuId, entry.revision) ?? true;
  return (isBeforeDraw || isFarBack) && !hasSold;
}
