// Preconditions of a request (RFC 9110, section 13.1): `If-Match` and `If-None-Match`.

/** Each is `*` or a list of entity tags as they were sent. Absent: no condition. */
export interface Precondition {
  ifMatch?: Condition;
  ifNoneMatch?: Condition;
}

type Condition = "*" | string[];

const TAG = String.raw`(?:W/)?"[\x21\x23-\x7e\x80-\uffff]*"`;
/** A list may contain empty elements, but also needs a tag. */
const LIST = new RegExp(String.raw`^[ \t,]*${TAG}(?:[ \t]*,[ \t,]*${TAG})*[ \t,]*$`);

/** Parses an `If-Match` or `If-None-Match` header. Undefined if it is malformed. */
export function parseCondition(text: string): Condition | undefined {
  if (text.trim() === "*") return "*";
  return LIST.test(text) ? (text.match(new RegExp(TAG, "g")) as string[]) : undefined;
}

const opaque = (tag: string): string => tag.replace(/^W\//, "");

/**
 * Whether the preconditions hold. `If-Match` compares strongly, so a weak tag never matches. `If-None-Match` compares
 * weakly.
 *
 * @param etag the strong tag of the current representation; null if there is none
 */
export function holds({ ifMatch, ifNoneMatch }: Precondition, etag: string | null): boolean {
  if (ifMatch && (etag === null || (ifMatch !== "*" && !ifMatch.includes(etag)))) return false;
  if (!ifNoneMatch || etag === null) return true;
  return ifNoneMatch !== "*" && !ifNoneMatch.map(opaque).includes(etag);
}
