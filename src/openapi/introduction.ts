// The words at the start of the document.
export const INTRODUCTION = {
  title: "Doorbuster",
  version: "0.1.0",
  license: { name: "Apache-2.0", identifier: "Apache-2.0" },
  description: [
    "Sells exactly what there is, in flash sales, draws, and first-come drops.",
    "",
    "## Rules for all routes",
    "",
    "- Bodies are JSON in UTF-8, uncompressed. Money is in minor units (ISO 4217), times are ISO 8601 in UTC.",
    "- Errors are `application/problem+json` (RFC 9457). Scripts read `code`. Every code has one status.",
    "- `HEAD` is answered like `GET`, without a body. An address that exists for other methods answers 405",
    "  `method_not_allowed` with `Allow`. Any other address answers 404 `not_found`.",
    "- Pages of the sites in `ALLOWED_ORIGINS` may call the routes of buyers with a bearer token, never with cookies. The",
    "  preflight of a browser (`OPTIONS`) is answered 204.",
    "- Every answer has `X-Request-Id` and an explicit `Cache-Control`.",
    "- A release may add fields to answers, and codes to errors. Ignore fields that you do not know.",
    "- `Retry-After` means: not now, but perhaps after so many seconds. After a lost answer, send the same request with",
    "  the same `Idempotency-Key`.",
    "- A conditional write (`If-Match`, `If-None-Match`) whose condition is not met answers 412 `precondition_failed`.",
    "- Pages of HTML and their forms are no part of this contract.",
  ].join("\n"),
};
