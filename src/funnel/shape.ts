// Refuses malformed orders: checks the media type, size, JSON, schema, and Idempotency-Key. No I/O.
import { type Refusal, refuse } from "../http/errors.ts";
import { type AppContext, readJson } from "../http/request.ts";
import { type OrderRequest, orderBodySchema } from "./attempt.ts";

/** An order has a few hundred bytes, or less than 3 KB with the longest ticket and payment token. */
const MAX_ORDER_BYTES = 4_096;
/** A bare key, or the quoted string of the IETF draft. Both forms mean the same key. */
const KEY = /^(?:([A-Za-z0-9_-]{1,64})|"([A-Za-z0-9_-]{1,64})")$/;

type Read<T> = ({ ok: true } & T) | { ok: false; refusal: Refusal };

/** Parses an order from a request, or returns the refusal. */
export type OrderReader = (c: AppContext, skuId: string) => Promise<Read<{ value: OrderRequest }>>;

/** Reads the required Idempotency-Key header: one key of 1 to 64 characters of `[A-Za-z0-9_-]`. Strips quotes. */
export function readIdempotencyKey(header: string | undefined): Read<{ key: string }> {
  if (!header) return { ok: false, refusal: refuse("idempotency_key_required") };
  const [, bare, quoted] = KEY.exec(header) ?? [];
  const key = bare ?? quoted;
  if (key !== undefined) return { ok: true, key };
  const message = "use 1 to 64 of A-Z a-z 0-9 _ -, bare or as one quoted string";
  const issues = [{ path: "Idempotency-Key", message }];
  return { ok: false, refusal: refuse("invalid_request", { issues }) };
}

/** Parses an order sent as JSON. */
export const readOrder: OrderReader = async (c) => {
  const body = await readJson(c, orderBodySchema, MAX_ORDER_BYTES);
  if (!body.ok) return body;
  const parsed = readIdempotencyKey(c.req.header("idempotency-key"));
  if (!parsed.ok) return parsed;
  return { ok: true, value: { body: body.value, idempotencyKey: parsed.key } };
};
