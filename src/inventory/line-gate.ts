// Enforces a sale's line where the units are taken, without a call: orders carry their ticket, and a pass that says how
// far the line has moved.
import { decideAdmission } from "../admission/admit.ts";
import type { AdmissionDecision } from "../admission/decision.ts";
import { mergePasses, type Pass, readPass } from "../admission/pass.ts";
import { readTicket } from "../admission/ticket.ts";
import { requireConfig } from "../config/config.ts";
import type { Terms } from "./decide-order.ts";
import type { ReserveCommand } from "./decide-reserve.ts";

export class LineGate {
  readonly #env: object;
  /** The newest facts of all passes so far. An edge may send one that is out of date. */
  #seen: Pass | null = null;
  /** The last pass, which thousands of orders share, so that it is verified once. */
  #last: string | undefined;

  constructor(env: object) {
    this.#env = env;
  }

  /** Whether the buyer is admitted. Undefined if the sale has no line. */
  decide(
    terms: Terms | null,
    { userId, ticket, pass }: ReserveCommand,
  ): AdmissionDecision | undefined {
    if (!terms?.hasLine) return undefined;
    const { saleId } = terms;
    const secret = requireConfig(this.#env).SIGNING_SECRET;
    if (this.#seen?.saleId !== saleId) this.#seen = null;
    if (pass !== this.#last || !this.#seen) {
      this.#seen = mergePasses(this.#seen, readPass(secret, pass, saleId));
      this.#last = pass;
    }
    const person = { saleId, userId };
    return decideAdmission(secret, person, readTicket(secret, ticket, person), this.#seen);
  }
}
