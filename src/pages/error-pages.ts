// Renders refusals as HTML pages, with the API's status codes (errors.ts).
import { parseAccept } from "hono/utils/accept";
import {
  ERRORS,
  type ErrorCode,
  headersOf,
  isForNow,
  problem,
  type Refusal,
  refuse,
} from "../http/errors.ts";
import type { AppContext } from "../http/request.ts";
import { refusalText } from "./copy/refusal.ts";
import type { Wording } from "./copy/wording.ts";
import { personalPage } from "./page.ts";
import { renderError } from "./views/error.tsx";

/** Refusals after which the same attempt can succeed, later or at the new price. */
const RETRYABLE: ReadonlySet<ErrorCode> = new Set([
  "rate_limited",
  "overloaded",
  "unavailable",
  "sale_not_open",
  "ticket_required",
  "not_admitted_yet",
  "sale_paused",
  "price_changed",
]);

export const isRetryable = ({ reason, held }: Refusal): boolean =>
  RETRYABLE.has(reason) || (held ?? 0) > 0;

/** The title and the text of a refusal, for a page. */
export function explain(
  { reason, ...fields }: Refusal,
  wording: Wording,
): { title: string; text: string } {
  const { error, page, stop, refusal } = wording.words;
  const titles: Partial<Record<ErrorCode, string>> = error;
  const own = titles[reason] ?? error.invalid_request;
  const title = fields.available ? error.not_enough : fields.held ? error.all_reserved : own;
  if (reason === "challenge_required") return { title, text: page.needsScriptToCheck };
  if (reason === "not_found") return { title, text: page.notFoundText };
  // Without an operator's words, a pause says no more than its title.
  if (reason === "sale_paused" && !fields.stop) return { title, text: stop.sale };
  const text = refusalText({ code: reason, ...fields }, wording);
  return { title, text: text === refusal.failed ? title : text };
}

/** Sets the headers of a refusal and returns its status. Never cacheable: an error page is personal. */
export function refusalHeaders(c: AppContext, refusal: Refusal) {
  const { reason, retryAfterSeconds } = refusal;
  const { status } = ERRORS[reason];
  for (const [name, value] of Object.entries(headersOf(refusal))) c.header(name, value);
  c.header("Cache-Control", "private, no-store");
  if (isForNow(reason)) c.header("Retry-After", String(retryAfterSeconds ?? 1));
  return status;
}

/** An HTML error page, or problem+json for callers that do not accept HTML. */
export async function errorPage(c: AppContext, refusal: Refusal): Promise<Response> {
  if (quality(c, "text/html") === 0) return problem(c, refusal);
  const status = refusalHeaders(c, refusal);
  const page = personalPage(c);
  const { title, text } = explain(refusal, page.wording);
  return c.html(await renderError(page, title, text), status);
}

const JSON_TYPES = ["application/problem+json", "application/json"];

/** The caller's quality value for a media type, from 0 to 1: the most specific range of `Accept` wins. */
function quality(c: AppContext, type: string): number {
  const ranges = parseAccept(c.req.header("accept") || "*/*");
  const family = type.replace(/[^/]+$/, "*");
  const find = (name: string) => ranges.find((range) => range.type.toLowerCase() === name);
  return (find(type) ?? find(family) ?? find("*/*"))?.q ?? 0;
}

/** Whether the caller prefers HTML over JSON. A tie counts as HTML only if `Accept` names text/html. */
export function wantsPage(c: AppContext): boolean {
  if (c.req.path.startsWith("/api/")) return false;
  const page = quality(c, "text/html");
  const json = Math.max(...JSON_TYPES.map((type) => quality(c, type)));
  const named = /text\/html/i.test(c.req.header("accept") ?? "");
  return page > 0 && (page > json || (page === json && named));
}

/** A same-site path with trailing slashes. */
const TRAILING_SLASHES = /^(\/[^/].*?)\/+$/;

/**
 * Answers an unknown path: a redirect without its trailing slashes, or the 404 page. The redirect keeps the path
 * percent-encoded: decoded, `/%09/evil.example/` would lead to another site.
 */
export async function notFoundPage(c: AppContext): Promise<Response> {
  const { pathname, search } = new URL(c.req.url);
  const path = TRAILING_SLASHES.exec(pathname)?.[1];
  if (path && ["GET", "HEAD"].includes(c.req.method)) return c.redirect(path + search, 301);
  return errorPage(c, refuse("not_found"));
}
