// The entries of the operators' log: who changed what, when, and why. Pure.
import type { Operator } from "../http/request.ts";

/** The actions of operators. Names are stored, so an old one never changes. */
export type Action =
  | "sale.saved"
  | "sale.deleted"
  | "preview.linked"
  | "line.changed"
  | "switches.changed"
  | "sku.restocked"
  | "sku.rebuilt"
  | "order.refunded"
  | "order.released"
  | "order.webhook_resent"
  | "rule.saved"
  | "rule.removed"
  | "dead_letter.replayed"
  | "dead_letter.discarded"
  | "webhooks.replayed"
  | "webhooks.resumed"
  | "alerts.tested"
  | "rehearsal.granted"
  | "rehearsal.ended"
  | "caches.purged";

/** The target of an action, for example `sale/spring-drop` or `rule/deny/ip/10.0.0.0/8`. */
export type Target =
  | `${"sale" | "sku" | "order" | "rule" | "dead-letter"}/${string}`
  | "deployment"
  | "rehearsals";

type Scalar = string | number | boolean | null;

/** One changed value. `before` is absent if it is new, `after` if it is gone. */
export interface Change {
  /** For example `skus.runner-42.stock`. */
  path: string;
  before?: Scalar;
  after?: Scalar;
}

/** An action that is about to happen. */
export interface NewEntry {
  actor: Operator;
  action: Action;
  target: Target;
  reason?: string;
  changes: Change[];
  requestId: string;
  /** The idempotency key of the request. A repeated request has one entry. */
  key?: string;
}

/** The result of an action. `refused`: it changed nothing, and `changes` is what it would have changed. */
export interface Completion {
  outcome: "done" | "refused" | "unknown";
  /** The error code of the response, if it was an error. */
  code?: string;
  changes: Change[];
}

/** An entry as it is read. `unknown`: the action is under way, or it was interrupted, and its effect must be checked. */
export interface LogEntry extends Omit<NewEntry, "key">, Completion {
  id: number;
  /** ISO 8601, UTC. */
  at: string;
}

const MAX_CHANGES = 30;
const MAX_TEXT = 120;

/**
 * The values that differ between two JSON documents, in short. Items of a list are compared by their `id`, if they have one.
 * Further changes than the first 30 are only counted.
 */
export function changesBetween(before: unknown, after: unknown): Change[] {
  const [was, is] = [leavesOf(before), leavesOf(after)];
  const paths = new Set([...was.keys(), ...is.keys()]);
  const changed = [...paths].filter((path) => was.get(path) !== is.get(path));
  const shown = changed.slice(0, MAX_CHANGES).map((path) => ({
    path: short(path),
    ...(was.has(path) ? { before: short(was.get(path) as Scalar) } : {}),
    ...(is.has(path) ? { after: short(is.get(path) as Scalar) } : {}),
  }));
  const more = changed.length - shown.length;
  return more > 0 ? [...shown, { path: "", after: `${more} more changes` }] : shown;
}

/** Path → value of every scalar in a JSON document. */
function leavesOf(value: unknown, path = "", leaves = new Map<string, Scalar>()) {
  if (typeof value !== "object" || value === null) {
    if (value !== undefined && path !== "") leaves.set(path, value as Scalar);
    return leaves;
  }
  for (const [key, child] of Object.entries(value)) {
    const id = Array.isArray(value) && (child as { id?: unknown } | null)?.id;
    const name = typeof id === "string" ? id : key;
    leavesOf(child, path === "" ? name : `${path}.${name}`, leaves);
  }
  return leaves;
}

function short<T extends Scalar>(value: T): T | string {
  if (typeof value !== "string" || value.length <= MAX_TEXT) return value;
  return `${value.slice(0, MAX_TEXT).toWellFormed()}…`;
}
