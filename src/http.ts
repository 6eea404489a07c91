// What every route shares: the types of the Hono app and how a JSON body is read safely.
import type { Context } from "hono";
import type * as z from "zod";
import type { CatalogEnv } from "./catalog/change.ts";
import type { Config } from "./config.ts";
import { type Refusal, refuse, toIssues } from "./errors.ts";

/** The bindings the routes use, and what the first middleware puts beside each request. */
export interface AppEnv {
  Bindings: CatalogEnv & Pick<Env, "FLOOD_SHIELD" | "ORDERS" | "WEBHOOKS" | "SANDBOX_BANK">;
  Variables: { requestId: string; config: Config };
}

export type AppContext = Context<AppEnv>;

type Parsed<T> = { ok: true; value: T } | { ok: false; refusal: Refusal };

const bad = (refusal: Refusal) => ({ ok: false, refusal }) as const;

/**
 * Reads at most `maxBytes` of a body; undefined when there is more, whatever Content-Length says.
 * @throws TypeError when it is not UTF-8
 */
export async function readText(request: Request, maxBytes: number): Promise<string | undefined> {
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) return undefined;
  if (!request.body) return "";
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  const reader = request.body.getReader();
  let text = "";
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > maxBytes) {
      await reader.cancel();
      return undefined;
    }
    text += decoder.decode(value, { stream: true });
  }
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
  const result = schema.safeParse(document);
  if (result.success) return { ok: true, value: result.data };
  return bad(refuse("invalid_request", { issues: toIssues(result.error) }));
}
