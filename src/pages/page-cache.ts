// The page cache: each page is rendered once per version and stored as bytes with its ETag. An entry expires when
// one of the page's sales opens or closes.
import { nextChange } from "../catalog/list.ts";
import type { Sale } from "../catalog/schema.ts";
import { CACHED, CACHED_MS, cachedNow, REVALIDATED } from "../catalog/snapshot.ts";
import { memory } from "../edge/memory.ts";
import { completeHeaders } from "../http/headers.ts";
import type { AppContext } from "../http/request.ts";
import { etagOf, notModified } from "./etag.ts";

/** The memory of a cache entry beyond its body, mostly its two header sets. */
const PAGE_BYTES = 8_192;

interface CachedPage {
  version: string;
  /** The next opensAt or closesAt of the page's sales. */
  validUntil: number;
  body: Uint8Array<ArrayBuffer>;
  etag: string;
  headers: Headers;
  /** Headers for the last seconds before the page changes. */
  lastHeaders: Headers;
}

/** The inputs of a page. `version` identifies everything its bytes depend on, except the clock. */
export interface PageSource {
  key: string;
  version: string;
  sales: readonly Pick<Sale, "opensAt" | "closesAt">[];
  /** Whether the page may load the challenge provider. */
  challenges?: boolean;
  /** Headers of an answer that is no HTML. */
  headers?: Readonly<Record<string, string>>;
  render(now: number): string | Promise<string>;
}

const pages = memory<CachedPage>("pages", { sizeOf: ({ body }) => body.byteLength + PAGE_BYTES });

/** Serves a page that is the same for everybody, from memory if possible. */
export async function servePage(c: AppContext, source: PageSource): Promise<Response> {
  const now = Date.now();
  const known = pages.get(source.key);
  const page =
    known && known.version === source.version && now < known.validUntil
      ? known
      : await renderPage(source, now);
  const isKept = page.validUntil - now > CACHED_MS && cachedNow() === CACHED;
  const headers = isKept ? page.headers : page.lastHeaders;
  return notModified(c, page.etag)
    ? new Response(null, { status: 304, headers })
    : new Response(page.body, { headers });
}

async function renderPage(source: PageSource, now: number): Promise<CachedPage> {
  const body = new Uint8Array(new TextEncoder().encode(await source.render(now)));
  const etag = await etagOf(body);
  const page = {
    version: source.version,
    validUntil: nextChange(source.sales, now),
    body,
    etag,
    headers: headersOf(source, etag, CACHED),
    lastHeaders: headersOf(source, etag, REVALIDATED),
  };
  pages.set(source.key, page);
  return page;
}

const HTML = { "Content-Type": "text/html; charset=utf-8" };

const headersOf = (source: PageSource, etag: string, cache: Record<string, string>): Headers =>
  completeHeaders({ ...(source.headers ?? HTML), ...cache, ETag: etag }, source);
