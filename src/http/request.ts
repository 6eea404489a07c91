// Shared by all routes: the types of the Hono app, and safe reading of JSON and form bodies.
import type { Context } from "hono";
import type * as z from "zod";
import { _safeParse, type $ZodErrorClass, type $ZodIssue } from "zod/v4/core";
import type { Config } from "../config/config.ts";
import type { EdgeScope } from "../edge/scope.ts";
import { type Refusal, refuse, toIssues } from "./errors.ts";

/** Who operates. A viewer reads everything, and changes nothing. */
export interface Operator {
  /** An e-mail address that Cloudflare Access verified, or the role if the token is shared. */
  name: string;
  role: "operator" | "viewer";
}

/** The bindings of the app, and the variables of each request. */
export interface AppEnv {
  Bindings: Env;
  Variables: {
    requestId: string;
    config: Config;
    /** For caches and background work. */
    scope: EdgeScope & { env: Env };
    /** Set on the operator's routes only. */
    operator: Operator;
    /** Sets the headers with the remaining requests of the route's limits. */
    describe?: (headers: Headers) => void;
  };
}

export type AppContext = Context<AppEnv>;

type Parsed<T> = { ok: true; value: T } | { ok: false; refusal: Refusal };

const bad = (refusal: Refusal) => ({ ok: false, refusal }) as const;

/** The character that decoding substitutes for invalid UTF-8. */
const REPLACEMENT = "\uFFFD";

/** Reads a body of at most `maxBytes` as text. Undefined if it is longer. */
export async function readText(
  message: Request | Response,
  maxBytes: number,
): Promise<string | undefined> {
  const contentLength = message.headers.get("content-length");
  if (contentLength === null) return readChunks(message, maxBytes);
  // The body cannot exceed its Content-Length, and text() is several times as fast as reading chunks.
  return Number(contentLength) <= maxBytes ? message.text() : undefined;
}

/** Reads a body of unknown length. Stops once it exceeds `maxBytes`. */
async function readChunks(
  { body }: Request | Response,
  maxBytes: number,
): Promise<string | undefined> {
  const all = new Uint8Array(maxBytes);
  let length = 0;
  for await (const chunk of body ?? []) {
    if (length + chunk.byteLength > maxBytes) return undefined;
    all.set(chunk, length);
    length += chunk.byteLength;
  }
  return new TextDecoder().decode(all.subarray(0, length));
}

/** Reads and validates a JSON body: media type, size, UTF-8, JSON, schema. Each has its own refusal. */
export function readJson<Schema extends z.ZodType>(
  c: AppContext,
  schema: Schema,
  maxBytes: number,
): Promise<Parsed<z.output<Schema>>> {
  return readBody(c, schema, maxBytes, JSON_TYPE, parseJson);
}

/** Validates the text of a JSON body that was read before, because its signature had to be verified first. */
export function parseJsonBody<Schema extends z.ZodType>(
  c: AppContext,
  schema: Schema,
  text: string,
): Parsed<z.output<Schema>> {
  const refusal = refuseMedia(c, JSON_TYPE);
  return refusal ? bad(refusal) : validate(schema, text, JSON_TYPE, parseJson);
}

const JSON_TYPE = "application/json";

/** UTF-8 cannot encode surrogates, so only an escape can contain one. */
const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/;

/** Parses JSON. Rejects lone surrogates, because storing or hashing would change them. @throws if the text is not JSON */
export const parseJson = (text: string): unknown =>
  JSON.parse(text, SURROGATE_ESCAPE.test(text) ? assertUnicode : undefined);

function assertUnicode(key: string, value: unknown): unknown {
  const isUnicode = key.isWellFormed() && (typeof value !== "string" || value.isWellFormed());
  if (!isUnicode) throw new TypeError("not Unicode");
  return value;
}

/** The same for a form. If fields share a name, the last one counts. */
export function readForm<Schema extends z.ZodType>(
  c: AppContext,
  schema: Schema,
  maxBytes: number,
): Promise<Parsed<z.output<Schema>>> {
  return readBody(c, schema, maxBytes, "application/x-www-form-urlencoded", (text) => {
    const fields = Object.fromEntries(new URLSearchParams(text));
    // Percent-encoded bytes can be invalid UTF-8 as well.
    if (Object.values(fields).join().includes(REPLACEMENT)) throw new TypeError("not UTF-8");
    return fields;
  });
}

/** A cheap replacement for zod's error class, whose construction costs more than the validation. */
class ValidationError {
  readonly issues: $ZodIssue[];

  constructor(issues: $ZodIssue[]) {
    this.issues = issues;
  }
}

const check = _safeParse(ValidationError as unknown as $ZodErrorClass);

/** Whether a Content-Type is this media type in UTF-8. */
function isOfType(contentType: string | undefined, expected: string): boolean {
  if (contentType === expected) return true;
  const [mediaType = "", ...parameters] = (contentType ?? "").toLowerCase().split(";");
  const charset = parameters.map((text) => text.trim()).find((text) => text.startsWith("charset="));
  return mediaType.trim() === expected && /^(charset="?utf-?8"?)?$/.test(charset ?? "");
}

/** Compressed bodies are refused: bodies are small, and decompression could make them large. */
const PLAIN_ONLY = { "Accept-Encoding": "identity" };

async function readBody<Schema extends z.ZodType>(
  c: AppContext,
  schema: Schema,
  maxBytes: number,
  expected: string,
  parse: (text: string) => unknown,
): Promise<Parsed<z.output<Schema>>> {
  const refusal = refuseMedia(c, expected);
  if (refusal) return bad(refusal);
  // A body that breaks off is refused like invalid UTF-8.
  const text = await readText(c.req.raw, maxBytes).catch(() => REPLACEMENT);
  if (text === undefined) {
    return bad(refuse("payload_too_large", { detail: `At most ${maxBytes} bytes` }));
  }
  return validate(schema, text, expected, parse);
}

function refuseMedia(c: AppContext, expected: string): Refusal | undefined {
  if (!isOfType(c.req.header("content-type"), expected)) {
    return refuse("unsupported_media_type", { detail: `Send ${expected} in UTF-8` });
  }
  if (!/^(identity)?$/i.test(c.req.header("content-encoding") ?? "")) {
    const detail = "Send the body uncompressed, without a Content-Encoding";
    return refuse("unsupported_media_type", { detail, headers: PLAIN_ONLY });
  }
  return undefined;
}

function validate<Schema extends z.ZodType>(
  schema: Schema,
  text: string,
  expected: string,
  parse: (text: string) => unknown,
): Parsed<z.output<Schema>> {
  let document: unknown;
  try {
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
