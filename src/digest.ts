// SHA-256 and HMAC-SHA-256, made synchronously, unlike those of Web Crypto: an object decides without an await, and a request
// takes less of a processor.
import { createHash, createHmac } from "node:crypto";

type Encoding = "hex" | "base64" | "base64url";

/** SHA-256 of bytes, or of a text in UTF-8. */
export const digest = (data: string | Uint8Array, encoding: Encoding): string =>
  createHash("sha256").update(data).digest(encoding);

/** HMAC-SHA-256 of a text. In base64url it has 43 characters, in hexadecimal 64. */
export const keyedDigest = (
  key: string | Uint8Array,
  text: string,
  encoding: Encoding = "base64url",
): string => createHmac("sha256", key).update(text).digest(encoding);
