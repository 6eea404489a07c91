// The API errors of the fake Stripe, with Stripe's own messages.

/** A Stripe API error: its HTTP status, and the `error` member of its body. */
export class StripeFault extends Error {
  readonly status: number;
  readonly error: Record<string, unknown>;

  constructor(status: number, error: Record<string, unknown> & { type: string; message: string }) {
    super(error.message);
    this.status = status;
    this.error = error;
  }
}

/** A 400 of type `invalid_request_error`. */
export const invalid = (message: string, more: Record<string, unknown> = {}) =>
  new StripeFault(400, { type: "invalid_request_error", message, ...more });

/** A 400 for an operation that the intent's status does not allow. */
export function unexpectedState(verb: string, intent: { status: string }): StripeFault {
  const message = `You cannot ${verb} this PaymentIntent because it has a status of ${intent.status}.`;
  return invalid(message, { code: "payment_intent_unexpected_state", payment_intent: intent });
}
