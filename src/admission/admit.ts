// Whether a person may buy: the one decision about admission. The funnel uses it to refuse early, and the SKU's object
// where the unit is taken.
import type { AdmissionDecision } from "./decision.ts";
import type { Pass } from "./pass.ts";
import { placeOf } from "./place.ts";
import type { Registrant } from "./place-formula.ts";
import type { Ticket } from "./ticket.ts";

/**
 * @param ticket the person's earliest ticket
 * @param pass how far the line has moved, as far as the caller knows. Null: nobody is known to be admitted
 */
export function decideAdmission(
  secret: string,
  registrant: Registrant,
  ticket: Ticket | null,
  pass: Pass | null,
): AdmissionDecision {
  if (!ticket) return { ok: false, reason: "ticket_required" };
  const place = pass && placeOf(secret, registrant, ticket.at, pass);
  if (pass === null || place === null || place > pass.frontier) {
    return { ok: false, reason: "not_admitted_yet", place };
  }
  return { ok: true, place };
}
