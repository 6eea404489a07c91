// Random requests for fuzzing: malformed paths, headers, and bodies.
import fc from "fast-check";

const METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"];

const words = fc.constantFrom(
  "",
  " ",
  "..",
  "%2e%2e",
  "%00",
  "%zz",
  "%2f",
  "__proto__",
  "constructor",
  "null",
  "-1",
  "0",
  "1e308",
  "٣",
  "🎟️",
  "\u202e",
  "a".repeat(300),
  "<script>",
  "' OR 1=1--",
  "#{7*7}",
  "{{x}}",
  "\r\nX-Y: z",
);
const text = fc.oneof(words, fc.string(), fc.string({ unit: "binary", maxLength: 60 }));
/** Path segments no normal client sends: broken percent-encoding, invalid UTF-8, control characters. */
const rawSegment = fc.constantFrom(
  "%",
  "%z1",
  "%0",
  "%00",
  "%0a%0d",
  "%09",
  "%5c",
  "%c3",
  "%E0%A4%A",
  "%ff%fe",
  "%ed%a0%80",
  "x".repeat(8_000),
  ";a=b",
  "%3f",
);
const segment = fc.oneof(
  { weight: 2, arbitrary: text.map((part) => encodeURIComponent(part.toWellFormed()) || "x") },
  rawSegment,
);
/** Values with a meaning in some headers, and values of repeated headers. */
const headerWords = fc.constantFrom(
  '"a", "b"',
  "*",
  'W/"x"',
  ",,,",
  ";;;=",
  "text/html",
  "text/html;q=0",
  "text/html;q=x,*/*;q=",
  "session=a; session=b, session=c",
  "session=%",
  "gzip",
  "identity, identity",
  "bytes=0-",
);
const headerValue = fc.oneof(
  text.map((value) => value.replace(/[^\x20-\x7e]/g, "?").trim()),
  headerWords,
);

const json = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.dictionary(
    fc.constantFrom("quantity", "paymentToken", "ticket", "user", "next", "key", "note", "seconds"),
    fc.oneof(text, fc.double(), fc.bigInt().map(Number), fc.constant(null), fc.array(fc.nat())),
  ),
);
const body = fc.oneof(
  json.map((value) => JSON.stringify(value) ?? ""),
  fc
    .dictionary(fc.constantFrom("quantity", "key", "user", "next"), text)
    .map((fields) =>
      String(new URLSearchParams(Object.entries(fields).map(([k, v]) => [k, v.toWellFormed()]))),
    ),
  fc.uint8Array({ maxLength: 200 }),
  fc.constantFrom(" ".repeat(200_000), "[".repeat(5_000), '{"quantity":1'),
);
const contentType = fc.constantFrom(
  "application/json",
  "application/x-www-form-urlencoded",
  "text/plain",
  "multipart/form-data",
  "application/json; charset=utf-16",
  "",
);
const headers = fc.dictionary(
  fc.constantFrom(
    "idempotency-key",
    "idempotency-retry",
    "visit-token",
    "challenge-token",
    "origin",
    "cookie",
    "if-none-match",
    "if-match",
    "if-modified-since",
    "content-encoding",
    "sec-fetch-site",
    "cf-connecting-ip",
    "x-http-method-override",
    "x-forwarded-for",
    "range",
    "accept",
    "stripe-signature",
  ),
  headerValue,
);

export interface Garbage {
  path: string;
  method: string;
  headers: Record<string, string>;
  body: string | Uint8Array;
  contentType: string;
}

/**
 * A malformed request for this path. Its parameters are random or come from `values`, such as the id of a real SKU.
 */
export const garbageFor = (
  path: string,
  values: Record<string, string>,
  methods = METHODS,
): fc.Arbitrary<Garbage> =>
  fc.record({
    path: fc
      .tuple(segment, segment, fc.boolean(), fc.constantFrom("", "", "/", "//"))
      .map(([first, second, real, end]) => {
        const given = [first, second];
        const made = path.replace(/:(\w+)(\{[^}]*\})?/g, (_, name: string) =>
          real && values[name] ? values[name] : (given.shift() ?? "x"),
        );
        return made + end;
      }),
    method: fc.constantFrom(...methods),
    headers,
    body,
    contentType,
  });
