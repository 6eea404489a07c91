// The log of what operators do. Every write of the operator's API goes through `recorded`: its entry is stored before it
// happens, so nothing changes without an entry.
import {
  type Action,
  type Change,
  type Completion,
  changesBetween,
  type Target,
} from "../catalog/log-entry.ts";
import { registryOf } from "../catalog/store.ts";
import { type Issue, problem, refuse } from "../http/errors.ts";
import type { AppContext } from "../http/request.ts";
import { causeOf, log } from "../observability/log.ts";

/** Why a change is made: ASCII, other characters percent-encoded as in a URL. For requests whose body has no reason. */
export const REASON_HEADER = "Change-Reason";
const MAX_REASON_LENGTH = 500;
const MAX_TARGET_LENGTH = 300;
const PAGE_SIZE = 50;

const NOT_LOGGED = refuse("unavailable", {
  detail: "Nothing was changed, because the log of changes does not answer",
});

/** An action that a request is about to take. */
interface Intent {
  action: Action;
  target: Target;
  /** The reason in the body, if the body has one. Otherwise the header counts. */
  reason?: string | undefined;
  /** The request's idempotency key, so that a repeated request has one entry. */
  key?: string;
  /** What the request asks for, as a JSON object. */
  asks?: object;
}

/** States what an action changed, if that is more than what was asked for: two JSON documents. */
export type Note = (before: unknown, after: unknown) => void;

/**
 * Runs a write of the operator's API and logs it. The entry says `unknown` until the response is known, and for good if the
 * isolate dies meanwhile or the response is a 5xx: then the action may have happened. If the entry cannot be stored, nothing
 * is changed and the response is 503.
 *
 * Call it once the request is known to be valid. Only a request that could change something needs an entry.
 *
 * @example
 * return recorded(c, { action: "sale.deleted", target: `sale/${id}` }, () => remove(c, id));
 */
export async function recorded(
  c: AppContext,
  { action, target, key, asks, ...intent }: Intent,
  work: (note: Note) => Promise<Response>,
): Promise<Response> {
  const given = intent.reason ?? readReason(c);
  if (typeof given === "object") return problem(c, refuse("invalid_request", { issues: [given] }));
  let changes = changesBetween({}, asks);
  const entry = {
    actor: c.get("operator"),
    action,
    target,
    changes,
    requestId: c.get("requestId"),
    ...(given === undefined ? {} : { reason: given }),
    ...(key === undefined ? {} : { key: `${action} ${target} ${key}` }),
  };
  let id: number;
  try {
    id = await registryOf(c.env).beginEntry(entry);
  } catch (error) {
    log("operator.not_logged", { requestId: entry.requestId, cause: causeOf(error) });
    return problem(c, NOT_LOGGED);
  }
  const response = await work((before, after) => {
    changes = changesBetween(before, after);
  });
  await complete(c, id, response, changes);
  return response;
}

async function complete(
  c: AppContext,
  id: number,
  response: Response,
  changes: Change[],
): Promise<void> {
  try {
    await registryOf(c.env).completeEntry(id, { ...(await outcomeOf(response)), changes });
  } catch (error) {
    // The entry still says `unknown`. The action happened, so its answer counts.
    log("operator.outcome_not_logged", { requestId: c.get("requestId"), cause: causeOf(error) });
  }
}

async function outcomeOf(response: Response): Promise<Pick<Completion, "outcome" | "code">> {
  if (response.status < 400) return { outcome: "done" };
  const { code } = (await response.clone().json()) as { code: string };
  return { outcome: response.status < 500 ? "refused" : "unknown", code };
}

/** The reason in the header. Undefined if there is none, or what is wrong with it. */
function readReason(c: AppContext): string | Issue | undefined {
  const text = c.req.header(REASON_HEADER)?.trim();
  if (!text) return undefined;
  const reason = decoded(text);
  const isValid = reason !== undefined && reason.length <= MAX_REASON_LENGTH;
  const message = `use at most ${MAX_REASON_LENGTH} characters, and percent-encode % and all beyond ASCII`;
  return isValid ? reason : { path: REASON_HEADER, message };
}

/** Undefined if the text is not percent-encoded. */
function decoded(text: string): string | undefined {
  try {
    return /^[\x20-\x7e]*$/.test(text) ? decodeURIComponent(text) : undefined;
  } catch {
    return undefined;
  }
}

/** Lists entries, newest first. `?target=sale/spring-drop`: only those about it. */
export async function listEntries(c: AppContext): Promise<Response> {
  const { target, cursor } = c.req.query();
  const issues: Issue[] = [];
  if (cursor !== undefined && !/^\d{1,15}$/.test(cursor)) {
    issues.push({ path: "cursor", message: "is not a cursor of this list" });
  }
  if (target !== undefined && target.length > MAX_TARGET_LENGTH) {
    issues.push({ path: "target", message: `has more than ${MAX_TARGET_LENGTH} characters` });
  }
  if (issues.length > 0) return problem(c, refuse("invalid_request", { issues }));
  const before = cursor === undefined ? undefined : Number(cursor);
  using entries = await registryOf(c.env).logPage(target, before, PAGE_SIZE);
  const last = entries.length === PAGE_SIZE ? entries.at(-1)?.id : undefined;
  return c.json({
    entries: [...entries],
    ...(last === undefined ? {} : { nextCursor: String(last) }),
  });
}
