// What every route shares: the types of the Hono app and how a JSON body is read safely.
import type { Context } from "hono";
import * as z from "zod";
import type { CatalogEnv } from "./catalog/change.ts";
import type { Config } from "./config.ts";
import { type Refusal, refuse, toIssues } from "./errors.ts";

/** The bindings the routes use, and what the first middleware puts beside each request. */
export interface AppEnv {
  Bindings: CatalogEnv & Pick<Env, "FLOOD_SHIELD" | "ORDERS" | "WEBHOOKS" | "SANDBOX_BANK">;
  Variables: { requestId: string; config: Config };
}

export type AppContext = Context<AppEnv>;

const CONTENT_POLICY =
  "default-src 'self'; img-src 'self' https:; object-src 'none'; base-uri 'none'; " +
  "frame-ancestors 'none'; form-action 'self'";
/** The one stranger whose code a page may run, and only the page of a sale that can ask for a challenge. */
const CHALLENGES = "https://challenges.cloudflare.com";
const CHALLENGE_POLICY = `${CONTENT_POLICY}; script-src 'self' ${CHALLENGES}; frame-src ${CHALLENGES}`;

/** What browsers may do with any answer of ours. */
const SECURITY_HEADERS = Object.entries({
  "Content-Security-Policy": CONTENT_POLICY,
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Origin-Agent-Cluster": "?1",
  "Referrer-Policy": "same-origin",
  "Strict-Transport-Security": "max-age=15552000; includeSubDomains",
  "X-Content-Type-Options": "nosniff",
  "X-DNS-Prefetch-Control": "off",
  "X-Download-Options": "noopen",
  "X-Frame-Options": "DENY",
  "X-Permitted-Cross-Domain-Policies": "none",
  "X-XSS-Protection": "0",
});

/** Adds the security headers, unless they are there already. */
export function secure(headers: Headers, { challenges = false } = {}): void {
  if (headers.has("Content-Security-Policy")) return;
  for (const [name, value] of SECURITY_HEADERS) headers.set(name, value);
  if (challenges) headers.set("Content-Security-Policy", CHALLENGE_POLICY);
}

/**
 * All headers of an answer that is the same for everybody, but for the request's id. Made once: setting
 * them for every request would cost more than all the rest.
 */
export function completeHeaders(
  own: Record<string, string>,
  may: { challenges?: boolean } = {},
): Headers {
  const headers = new Headers(own);
  secure(headers, may);
  return headers;
}

type Parsed<T> = { ok: true; value: T } | { ok: false; refusal: Refusal };

const bad = (refusal: Refusal) => ({ ok: false, refusal }) as const;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/**
 * Reads at most `maxBytes` of a body; undefined when there is more.
 * @throws TypeError when it is not UTF-8
 */
export async function readText(request: Request, maxBytes: number): Promise<string | undefined> {
  const announced = request.headers.get("content-length");
  if (Number(announced ?? 0) > maxBytes) return undefined;
  // HTTP lets no more through than was announced, and in one piece it is read several times as fast.
  const bytes = announced ? await request.arrayBuffer() : await readPieces(request, maxBytes);
  return bytes && bytes.byteLength <= maxBytes ? utf8.decode(bytes) : undefined;
}

/** A body of unknown length, given up once it is longer than `maxBytes`. */
async function readPieces(request: Request, maxBytes: number): Promise<Uint8Array | undefined> {
  const all = new Uint8Array(maxBytes);
  let length = 0;
  for await (const piece of request.body ?? []) {
    if (length + piece.byteLength > maxBytes) return undefined;
    all.set(piece, length);
    length += piece.byteLength;
  }
  return all.subarray(0, length);
}

/** Reads and checks a JSON body: media type, size, UTF-8, JSON, schema. Each fault has its own answer. */
export function readJson<Schema extends z.ZodType>(
  c: AppContext,
  schema: Schema,
  maxBytes: number,
): Promise<Parsed<z.output<Schema>>> {
  return readBody(c, schema, maxBytes, "application/json", JSON.parse);
}

/** The same for a form; of fields with one name the last counts. */
export function readForm<Schema extends z.ZodType>(
  c: AppContext,
  schema: Schema,
  maxBytes: number,
): Promise<Parsed<z.output<Schema>>> {
  return readBody(c, schema, maxBytes, "application/x-www-form-urlencoded", (text) =>
    Object.fromEntries(new URLSearchParams(text)),
  );
}

/** `safeParse` without the stack trace, which costs more than the rest of a refusal. */
const check = z.core._safeParse(z.core.$ZodError);

async function readBody<Schema extends z.ZodType>(
  c: AppContext,
  schema: Schema,
  maxBytes: number,
  expected: string,
  parse: (text: string) => unknown,
): Promise<Parsed<z.output<Schema>>> {
  const mediaType = c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (mediaType !== expected) {
    return bad(refuse("unsupported_media_type", { detail: `Send ${expected}` }));
  }
  let document: unknown;
  try {
    const text = await readText(c.req.raw, maxBytes);
    if (text === undefined) {
      return bad(refuse("payload_too_large", { detail: `At most ${maxBytes} bytes` }));
    }
    document = parse(text);
  } catch {
    const issues = [{ path: "", message: `the body is not valid ${expected} in UTF-8` }];
    return bad(refuse("invalid_request", { issues }));
  }
  const result = check(schema, document);
  if (result.success) return { ok: true, value: result.data };
  return bad(refuse("invalid_request", { issues: toIssues(result.error) }));
}
