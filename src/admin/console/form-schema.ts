// Shared parts of the console's forms: fields, and how their texts become a command of the operator's API.
import * as z from "zod";
import { type Issue, toIssues } from "../../http/errors.ts";

/** Bytes of a form: the longest texts of any form in a script other than Latin, percent-encoded, and 50 ids of orders. */
export const MAX_FORM_BYTES = 32_768;

/** Why something is done, as the log shows it. */
export const reasonField = z.string().trim().min(1, "is required").max(500);

/** The idempotency key, made with the page: a form that is sent twice has its effect once. */
export const keyField = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);

const NUMBER = /^[+-]?\d+(\.\d+)?$/;

/** The number that a text states in digits. NaN for other texts, which the schemas refuse. Undefined for an empty one. */
export function numberIn(text: string): number | undefined {
  const trimmed = text.trim();
  if (trimmed === "") return undefined;
  return NUMBER.test(trimmed) ? Number(trimmed) : Number.NaN;
}

/** The command that a form asks for, or what is wrong with the form. */
export type Asked<Command> = { ok: true; command: Command } | { ok: false; issues: Issue[] };

/** @param fields the fields of the form, by the names in the command that differ */
export function commandIn<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  fields: Readonly<Record<string, string>> = {},
): Asked<z.output<Schema>> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return { ok: true, command: parsed.data };
  const issues = toIssues(parsed.error).map(({ path, message }) => ({
    path: fields[path] ?? path,
    message,
  }));
  return { ok: false, issues };
}
