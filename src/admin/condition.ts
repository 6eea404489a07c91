// The preconditions of an operator's request, and the refusal of one invalid value.
import { type Precondition, parseCondition } from "../catalog/precondition.ts";
import { type Refusal, refuse } from "../http/errors.ts";
import type { AppContext } from "../http/request.ts";

export const invalid = (path: string, message: string): Refusal =>
  refuse("invalid_request", { issues: [{ path, message }] });

type Read = { ok: true; value: Precondition } | { ok: false; refusal: Refusal };

/** Reads `If-Match` and `If-None-Match`. */
export function readCondition(c: AppContext): Read {
  const value: Precondition = {};
  for (const [name, header] of [
    ["ifMatch", "If-Match"],
    ["ifNoneMatch", "If-None-Match"],
  ] as const) {
    const text = c.req.header(header);
    const condition = text === undefined ? undefined : parseCondition(text);
    if (condition) value[name] = condition;
    else if (text !== undefined) {
      return { ok: false, refusal: invalid(header, "use * or a list of entity tags in quotes") };
    }
  }
  return { ok: true, value };
}
