// The outcome of the decision about admission. Free of imports, because code in the browser uses types that name it.

export type AdmissionDecision =
  | { ok: true; place: number }
  | { ok: false; reason: "ticket_required" }
  /** `place` is null while it is not known. */
  | { ok: false; reason: "not_admitted_yet"; place: number | null };
