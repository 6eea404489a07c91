// Conditions of a request (RFC 9110, section 13.1): which version of a resource the caller has or means.

/** `*`, or entity tags as they were written. Absent: no condition. */
export interface Precondition {
  ifMatch?: Condition;
  ifNoneMatch?: Condition;
}

type Condition = "*" | string[];

const TAG = String.raw`(?:W/)?"[\x21\x23-\x7e\x80-\uffff]*"`;
/** A list may have empty elements, but not only those. */
const LIST = new RegExp(String.raw`^[ \t,]*${TAG}(?:[ \t]*,[ \t,]*${TAG})*[ \t,]*$`);

/** Reads an `If-Match` or `If-None-Match` header; undefined when it is malformed. */
export function parseCondition(text: string): Condition | undefined {
  if (text.trim() === "*") return "*";
  return LIST.test(text) ? (text.match(new RegExp(TAG, "g")) as string[]) : undefined;
}

const opaque = (tag: string): string => tag.replace(/^W\//, "");

/**
 * Whether the request may go on. `etag` is the strong tag of what is there now, null when nothing is.
 * `If-Match` compares strongly, so a weak tag never matches; `If-None-Match` compares weakly.
 */
export function holds({ ifMatch, ifNoneMatch }: Precondition, etag: string | null): boolean {
  if (ifMatch && (etag === null || (ifMatch !== "*" && !ifMatch.includes(etag)))) return false;
  if (!ifNoneMatch || etag === null) return true;
  return ifNoneMatch !== "*" && !ifNoneMatch.map(opaque).includes(etag);
}
