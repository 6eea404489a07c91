// Refuses malformed orders: media type, size, JSON, schema, Idempotency-Key. No I/O.
import { type Refusal, refuse } from "../errors.ts";
import { type AppContext, readJson } from "../http.ts";
import { type OrderRequest, orderBodySchema } from "./attempt.ts";

/** An order is a few hundred bytes; a ticket and a payment token fit with room to spare. */
const MAX_ORDER_BYTES = 4_096;
/** Bare, or the quoted string of the IETF draft. Both name the same key. */
const KEY = /^(?:([A-Za-z0-9_-]{1,64})|"([A-Za-z0-9_-]{1,64})")$/;

type Read<T> = ({ ok: true } & T) | { ok: false; refusal: Refusal };

/** Reads an order out of a request, or says what is wrong with it. */
export type OrderReader = (c: AppContext, skuId: string) => Promise<Read<{ value: OrderRequest }>>;

/** The key of an Idempotency-Key header: required, 1 to 64 of `[A-Za-z0-9_-]`, once, without its quotes. */
export function readIdempotencyKey(header: string | undefined): Read<{ key: string }> {
  if (!header) return { ok: false, refusal: refuse("idempotency_key_required") };
  const [, bare, quoted] = KEY.exec(header) ?? [];
  const key = bare ?? quoted;
  if (key !== undefined) return { ok: true, key };
  const message = "use 1 to 64 of A-Z a-z 0-9 _ -, bare or as one quoted string";
  const issues = [{ path: "Idempotency-Key", message }];
  return { ok: false, refusal: refuse("invalid_request", { issues }) };
}

/** Reads an order that was sent as JSON. */
export const readOrder: OrderReader = async (c) => {
  const body = await readJson(c, orderBodySchema, MAX_ORDER_BYTES);
  if (!body.ok) return body;
  const named = readIdempotencyKey(c.req.header("idempotency-key"));
  if (!named.ok) return named;
  return { ok: true, value: { body: body.value, idempotencyKey: named.key } };
};
