// Packs the documents that the Worker serves: the OpenAPI document, and its pages for people. Runs when the Worker is built.
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { openApiDocument } from "./document.ts";

/** A document as it is served. The hash is the start of the SHA-256 of the body. */
export interface BuiltDocument {
  hash: string;
  body: string;
}

const HASH_LENGTH = 16;

const built = (body: string): BuiltDocument => ({
  hash: createHash("sha256").update(body).digest("hex").slice(0, HASH_LENGTH),
  body,
});

/** All documents as compressed JSON: name → document. */
export function packedDocuments(): Uint8Array {
  const openapi = openApiDocument();
  return gzipSync(JSON.stringify({ openapi: built(JSON.stringify(openapi)) }), { level: 9 });
}
