// What every route shares: the types of the Hono app and how a JSON body is read safely.
import type { Context } from "hono";
import type * as z from "zod";
import { _safeParse, type $ZodErrorClass, type $ZodIssue } from "zod/v4/core";
import type { Config } from "./config.ts";
import type { EdgeScope } from "./edge/scope.ts";
import { type Refusal, refuse, toIssues } from "./errors.ts";

/** The bindings the routes use, and what stands beside each request. */
export interface AppEnv {
  Bindings: Env;
  Variables: {
    requestId: string;
    config: Config;
    /** What caches use of the request. */
    scope: EdgeScope & { env: Env };
    /** Sets the headers that say what is left of the route's limits. */
    describe?: (headers: Headers) => void;
  };
}

export type AppContext = Context<AppEnv>;

type Parsed<T> = { ok: true; value: T } | { ok: false; refusal: Refusal };

const bad = (refusal: Refusal) => ({ ok: false, refusal }) as const;

/** What decoding puts in the place of bytes that are no UTF-8. */
const REPLACEMENT = "\uFFFD";

/** Reads at most `maxBytes` of a body as text; undefined when there is more. */
export async function readText(request: Request, maxBytes: number): Promise<string | undefined> {
  const announced = request.headers.get("content-length");
  if (announced === null) return readPieces(request, maxBytes);
  // HTTP lets no more through than was announced, and in one piece it is read several times as fast.
  return Number(announced) <= maxBytes ? request.text() : undefined;
}

/** A body of unknown length, given up once it is longer than `maxBytes`. */
async function readPieces(request: Request, maxBytes: number): Promise<string | undefined> {
  const all = new Uint8Array(maxBytes);
  let length = 0;
  for await (const piece of request.body ?? []) {
    if (length + piece.byteLength > maxBytes) return undefined;
    all.set(piece, length);
    length += piece.byteLength;
  }
  return new TextDecoder().decode(all.subarray(0, length));
}

/** Reads and checks a JSON body: media type, size, UTF-8, JSON, schema. Each fault has its own answer. */
export function readJson<Schema extends z.ZodType>(
  c: AppContext,
  schema: Schema,
  maxBytes: number,
): Promise<Parsed<z.output<Schema>>> {
  return readBody(c, schema, maxBytes, "application/json", parseJson);
}

/** UTF-8 has none, so only an escape can bring one in. */
const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/;

/** Parses JSON. Half a surrogate pair is refused: stored or hashed it would become another text. */
const parseJson = (text: string): unknown =>
  JSON.parse(text, SURROGATE_ESCAPE.test(text) ? assertUnicode : undefined);

function assertUnicode(key: string, value: unknown): unknown {
  const isUnicode = key.isWellFormed() && (typeof value !== "string" || value.isWellFormed());
  if (!isUnicode) throw new TypeError("not Unicode");
  return value;
}

/** The same for a form; of fields with one name the last counts. */
export function readForm<Schema extends z.ZodType>(
  c: AppContext,
  schema: Schema,
  maxBytes: number,
): Promise<Parsed<z.output<Schema>>> {
  return readBody(c, schema, maxBytes, "application/x-www-form-urlencoded", (text) => {
    const fields = Object.fromEntries(new URLSearchParams(text));
    // Escaped bytes may be no UTF-8, too.
    if (Object.values(fields).join().includes(REPLACEMENT)) throw new TypeError("not UTF-8");
    return fields;
  });
}

/** What the schema did not like. zod's own error class costs more than finding it. */
class Findings {
  readonly issues: $ZodIssue[];

  constructor(issues: $ZodIssue[]) {
    this.issues = issues;
  }
}

const check = _safeParse(Findings as unknown as $ZodErrorClass);

/** Whether a Content-Type is this media type, and in no other encoding than ours. */
function isOfType(contentType: string | undefined, expected: string): boolean {
  if (contentType === expected) return true;
  const [mediaType = "", ...parameters] = (contentType ?? "").toLowerCase().split(";");
  const charset = parameters.map((text) => text.trim()).find((text) => text.startsWith("charset="));
  return mediaType.trim() === expected && /^(charset="?utf-?8"?)?$/.test(charset ?? "");
}

/** Bodies are small: none is worth unpacking, nor the risk of what it may grow to. */
const PLAIN_ONLY = { "Accept-Encoding": "identity" };

async function readBody<Schema extends z.ZodType>(
  c: AppContext,
  schema: Schema,
  maxBytes: number,
  expected: string,
  parse: (text: string) => unknown,
): Promise<Parsed<z.output<Schema>>> {
  if (!isOfType(c.req.header("content-type"), expected)) {
    return bad(refuse("unsupported_media_type", { detail: `Send ${expected} in UTF-8` }));
  }
  if (!/^(identity)?$/i.test(c.req.header("content-encoding") ?? "")) {
    const detail = "Send the body as it is, without a Content-Encoding";
    return bad(refuse("unsupported_media_type", { detail, headers: PLAIN_ONLY }));
  }
  let document: unknown;
  try {
    const text = await readText(c.req.raw, maxBytes);
    if (text === undefined) {
      return bad(refuse("payload_too_large", { detail: `At most ${maxBytes} bytes` }));
    }
    if (text.includes(REPLACEMENT)) throw new TypeError("not UTF-8");
    document = parse(text);
  } catch {
    const issues = [{ path: "", message: `the body is not valid ${expected} in UTF-8` }];
    return bad(refuse("invalid_request", { issues }));
  }
  const result = check(schema, document);
  if (result.success) return { ok: true, value: result.data };
  return bad(refuse("invalid_request", { issues: toIssues(result.error) }));
}
