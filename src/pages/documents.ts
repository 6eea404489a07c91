// Serves the OpenAPI document, and the same as a page for people with its stylesheet. They are a module of compressed bytes (src/openapi makes
// it): starting an isolate does not parse it, and only the first reader in an isolate pays for unpacking it.
import { brotliDecompressSync } from "node:zlib";
import { Hono } from "hono";
import { completeHeaders } from "../http/headers.ts";
import type { AppContext, AppEnv } from "../http/request.ts";
import packed from "./documents.gen.bin";
import { notModified } from "./etag.ts";

interface Document {
  headers: Headers;
  etag: string;
  body: string;
}

const TYPES = {
  openapi: "application/json",
  docs: "text/html; charset=utf-8",
  style: "text/css; charset=utf-8",
  element: "text/javascript; charset=utf-8",
};

type Name = keyof typeof TYPES;

/** A release may change the documents. */
const FOR_AN_HOUR = "public, max-age=3600";

let unpacked: Record<Name, Document> | undefined;

function documents(): Record<Name, Document> {
  if (unpacked) return unpacked;
  const text = new TextDecoder().decode(brotliDecompressSync(packed));
  const built = JSON.parse(text) as Record<Name, { hash: string; body: string }>;
  const { openapi, docs, style, element } = built;
  unpacked = {
    openapi: toDocument("openapi", openapi),
    docs: toDocument("docs", docs),
    style: toDocument("style", style),
    element: toDocument("element", element),
  };
  return unpacked;
}

function toDocument(name: Name, { hash, body }: { hash: string; body: string }): Document {
  const etag = `"${hash}"`;
  const own = { "Content-Type": TYPES[name], "Cache-Control": FOR_AN_HOUR, ETag: etag };
  return { headers: completeHeaders(own), etag, body };
}

function serve(c: AppContext, name: Name): Response {
  const { headers, etag, body } = documents()[name];
  return notModified(c, etag)
    ? new Response(null, { status: 304, headers })
    : new Response(body, { headers });
}

export const documentRoutes = new Hono<AppEnv>()
  .get("/openapi.json", (c) => serve(c, "openapi"))
  .get("/docs", (c) => serve(c, "docs"))
  .get("/docs.css", (c) => serve(c, "style"))
  .get("/embed/doorbuster-buy.js", (c) => serve(c, "element"));
