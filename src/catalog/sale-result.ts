// The result of an operator's command on a sale.
import { type Refusal, refuse } from "../http/errors.ts";
import type { RegisteredSale } from "./registry-types.ts";

type Refused = { ok: false; refusal: Refusal };

/** The changed sale with further fields, or why nothing was changed. */
export type Changed<T = unknown> = ({ ok: true; registered: RegisteredSale } & T) | Refused;

export const refused = (refusal: Refusal): Refused => ({ ok: false, refusal });

export const invalid = (path: string, message: string): Refused =>
  refused(refuse("invalid_request", { issues: [{ path, message }] }));
