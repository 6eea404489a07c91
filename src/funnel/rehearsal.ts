// Keeps rehearsals and real sales apart: synthetic people act in their own sale only, and nobody else acts in it. No I/O.
import { type Refusal, refuse } from "../http/errors.ts";
import type { Attempt, Stage } from "./attempt.ts";

const OUTSIDER = refuse("forbidden", {
  detail: "Only the operator's synthetic people act in a rehearsal, and only there",
});

/** Refuses a caller of a sale that is not theirs. A synthetic person has none once it was deleted. */
export function refuseOutsider({
  entry,
  rehearsed,
}: Pick<Attempt, "entry" | "rehearsed">): Refusal | undefined {
  const rehearsal = entry?.sale.rehearsal ? entry.sale.id : undefined;
  return rehearsal === rehearsed?.saleId ? undefined : OUTSIDER;
}

export const apart: Stage = { name: "rehearsal", check: refuseOutsider };
