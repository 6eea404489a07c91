// The objects that the parts of the fake Stripe share.

import type { NextAction } from "./next-action.ts";

/** The object of an event, with the metadata of its order. */
export type EventObject = { metadata: Record<string, string> } & Record<string, unknown>;

export interface Intent {
  id: string;
  object: "payment_intent";
  client_secret: string;
  amount: number;
  amount_received: number;
  currency: string;
  status:
    | "requires_payment_method"
    | "requires_confirmation"
    | "requires_action"
    | "processing"
    | "succeeded"
    | "canceled";
  payment_method: string | null;
  payment_method_types: string[];
  receipt_email: string | null;
  /** While the bank asks the buyer. */
  next_action: NextAction | null;
  last_payment_error: Record<string, unknown> | null;
  latest_charge: string | null;
  metadata: Record<string, string>;
  created: number;
  livemode: false;
}

/** `about`: the metadata that names the order, where the object has none. */
export type Emit = (type: string, object: EventObject, about?: Record<string, string>) => void;
