// Refuses malformed orders: media type, size, JSON, schema, Idempotency-Key. No I/O.
import { type Refusal, refuse } from "../errors.ts";
import { readJson } from "../http.ts";
import { orderBodySchema, type Stage } from "./attempt.ts";

/** An order is a few hundred bytes; a ticket and a payment token fit with room to spare. */
const MAX_ORDER_BYTES = 4_096;
/** Bare, or as the quoted string that the IETF draft asks for: both are the same key. */
const KEY = /^(?:([A-Za-z0-9_-]{1,64})|"([A-Za-z0-9_-]{1,64})")$/;

type KeyResult = { ok: true; key: string } | { ok: false; refusal: Refusal };

/** The key that an Idempotency-Key header names: required, 1 to 64 of `[A-Za-z0-9_-]`, once, without quotes. */
export function readIdempotencyKey(header: string | undefined): KeyResult {
  if (!header) return { ok: false, refusal: refuse("idempotency_key_required") };
  const [, bare, quoted] = KEY.exec(header) ?? [];
  const key = bare ?? quoted;
  if (key !== undefined) return { ok: true, key };
  const message = "use 1 to 64 of A-Z a-z 0-9 _ -, bare or as one quoted string";
  const issues = [{ path: "Idempotency-Key", message }];
  return { ok: false, refusal: refuse("invalid_request", { issues }) };
}

export const shape: Stage = {
  name: "shape",
  async check(attempt) {
    const body = await readJson(attempt.c, orderBodySchema, MAX_ORDER_BYTES);
    if (!body.ok) return body.refusal;
    const named = readIdempotencyKey(attempt.c.req.header("idempotency-key"));
    if (!named.ok) return named.refusal;
    attempt.body = body.value;
    attempt.idempotencyKey = named.key;
    return undefined;
  },
};
