// Stage 1: is this a well-formed order at all? Media type, size, JSON, schema, Idempotency-Key. No I/O.
import { type Refusal, refuse } from "../errors.ts";
import { readJson } from "../http.ts";
import { orderBodySchema, type Stage } from "./attempt.ts";

/** An order is a few hundred bytes; a ticket and a payment token fit with room to spare. */
const MAX_ORDER_BYTES = 4_096;
const KEY = /^[A-Za-z0-9_-]{1,64}$/;

/** Checks an Idempotency-Key header: required, 1 to 64 of `[A-Za-z0-9_-]`, once. */
export function checkIdempotencyKey(key: string | undefined): Refusal | undefined {
  if (key === undefined || key === "") return refuse("idempotency_key_required");
  if (KEY.test(key)) return undefined;
  const issues = [{ path: "Idempotency-Key", message: "use 1 to 64 of A-Z a-z 0-9 _ -" }];
  return refuse("invalid_request", { issues });
}

export const shape: Stage = {
  name: "shape",
  async check(attempt) {
    const body = await readJson(attempt.c, orderBodySchema, MAX_ORDER_BYTES);
    if (!body.ok) return body.refusal;
    const key = attempt.c.req.header("idempotency-key");
    const refusal = checkIdempotencyKey(key);
    if (refusal) return refusal;
    attempt.body = body.value;
    attempt.idempotencyKey = key as string;
    return undefined;
  },
};
