// SHA-256 by Web Crypto, for code that also runs in browsers.
import { toHex } from "./hex.ts";

/** In hexadecimal. A text is hashed as UTF-8. */
export async function sha256(data: string | Uint8Array<ArrayBuffer>): Promise<string> {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  return toHex(await crypto.subtle.digest("SHA-256", bytes));
}
