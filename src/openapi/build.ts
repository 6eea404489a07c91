// Packs the documents that the Worker serves: the OpenAPI document, and the same as a page for people. Runs when the Worker is
// built.
import { createHash } from "node:crypto";
import { brotliCompressSync } from "node:zlib";
import { docsPage } from "./docs/page.ts";
import { openApiDocument } from "./document.ts";

const HASH_LENGTH = 16;

/** A document as it is served. The hash is the start of the SHA-256 of the body. */
const built = (body: string) => ({
  hash: createHash("sha256").update(body).digest("hex").slice(0, HASH_LENGTH),
  body,
});

/**
 * All documents as compressed JSON: name → hash and body. Together, because they have most of their words in common.
 *
 * @param style the stylesheet of the page
 * @param icon the address of the icon
 * @param element the script of the element that shops embed
 */
export function packedDocuments({
  style,
  icon,
  element,
}: Record<"style" | "icon" | "element", string>): Uint8Array {
  const openapi = openApiDocument();
  const css = built(style);
  const documents = {
    openapi: built(JSON.stringify(openapi)),
    docs: built(docsPage(openapi, { style: `/docs.css?v=${css.hash}`, icon })),
    style: css,
    element: built(element),
  };
  return brotliCompressSync(JSON.stringify(documents));
}
