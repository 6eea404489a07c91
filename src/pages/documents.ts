// Serves the OpenAPI document. It is a module of compressed bytes (src/openapi makes it): starting an isolate does not
// parse it, and only the first reader in an isolate pays for unpacking it.
import { Hono } from "hono";
import { completeHeaders } from "../headers.ts";
import type { AppContext, AppEnv } from "../http.ts";
import packed from "./documents.gen.bin";
import { notModified } from "./etag.ts";

type Name = "openapi";

interface Document {
  headers: Headers;
  etag: string;
  body: string;
}

const TYPES: Record<Name, string> = { openapi: "application/json" };

/** A release may change the documents. */
const FOR_AN_HOUR = "public, max-age=3600";

let unpacked: Record<Name, Document> | undefined;

/** Requests that come at the same time unpack it themselves: one cannot wait for the I/O of another. */
async function documents(): Promise<Record<Name, Document>> {
  if (unpacked) return unpacked;
  const text = new Response(packed).body?.pipeThrough(new DecompressionStream("gzip"));
  const built = await new Response(text).json<Record<Name, { hash: string; body: string }>>();
  const entries = Object.entries(built).map(([name, { hash, body }]) => {
    const etag = `"${hash}"`;
    const type = TYPES[name as Name];
    const own = { "Content-Type": type, "Cache-Control": FOR_AN_HOUR, ETag: etag };
    return [name, { headers: completeHeaders(own), etag, body }];
  });
  unpacked = Object.fromEntries(entries) as Record<Name, Document>;
  return unpacked;
}

async function serve(c: AppContext, name: Name): Promise<Response> {
  const { headers, etag, body } = (await documents())[name];
  return notModified(c, etag)
    ? new Response(null, { status: 304, headers })
    : new Response(body, { headers });
}

export const documentRoutes = new Hono<AppEnv>().get("/openapi.json", (c) => serve(c, "openapi"));
