// Schemas of single values that sales, products and SKUs share.
import * as z from "zod";

/** Ids of sales, products and SKUs. They are parts of URLs, of names of keys, and of order ids. */
export const idSchema = z.string().regex(/^[a-z0-9-]{1,64}$/, "use 1 to 64 of a-z, 0-9 and -");

export const httpsUrlSchema = z
  .url({ protocol: /^https$/, error: "use a complete https:// address" })
  .max(2_000);

/** Alternative text of a picture, for people who do not see it. */
export const altSchema = z.string().max(300);

/** A fault in a document: where it is, and why. */
export interface Fault {
  path: (string | number)[];
  message: string;
}

/** Control characters other than tabs and line breaks. */
const CONTROL = /[^\P{Cc}\t\n\r]/u;

/**
 * The faults in the texts and addresses of a document, whatever their fields: control characters, and addresses with a user name, which
 * show another host than they lead to. They are refused where a document is written. Stored ones stay readable.
 */
export function textFaults(value: unknown, path: Fault["path"] = []): Fault[] {
  if (typeof value === "string") {
    const message = textFault(value, String(path[path.length - 1]));
    return message ? [{ path, message }] : [];
  }
  if (typeof value !== "object" || value === null) return [];
  const step = (key: string) => (Array.isArray(value) ? Number(key) : key);
  return Object.entries(value).flatMap(([key, each]) => textFaults(each, [...path, step(key)]));
}

function textFault(text: string, field: string): string | undefined {
  if (CONTROL.test(text)) return "must not contain control characters";
  const url = /url$/i.test(field) ? URL.parse(text) : null;
  return url?.username || url?.password ? "must not contain a user name or password" : undefined;
}
