// The console's form for the line of a sale: its rate, whether it stands still, and its notice.
import * as z from "zod";
import { type LineChange, type LineReport, lineChangeSchema } from "../../admission/client.ts";
import { type Issue, toIssues } from "../../errors.ts";
import { reasonField } from "./form-schema.ts";

const settings = {
  rate: z.string().trim().max(20),
  paused: z.enum(["no", "yes"]),
  /** Empty: none. */
  notice: z.string().trim().max(1_000),
};

export const lineForm = z.strictObject({
  ...settings,
  /** The values that the page showed. Only a value that differs is changed, so that nobody's newer change is undone. */
  shownRate: settings.rate,
  shownPaused: settings.paused,
  shownNotice: settings.notice,
  reason: reasonField,
});

export type LineForm = z.output<typeof lineForm>;

/** The form before anything was typed. */
export function formOf({
  ratePerSecond,
  paused,
  notice,
}: Pick<LineReport, "ratePerSecond" | "paused" | "notice">): Omit<LineForm, "reason"> {
  const shown = {
    shownRate: String(ratePerSecond),
    shownPaused: paused ? "yes" : "no",
    shownNotice: notice ?? "",
  } as const;
  const { shownRate: rate, shownPaused, shownNotice } = shown;
  return { rate, paused: shownPaused, notice: shownNotice, ...shown };
}

/** The change that a form asks for, or what is wrong with it. */
export function lineChangeOf({
  rate,
  paused,
  notice,
  shownRate,
  shownPaused,
  shownNotice,
}: LineForm): { ok: true; change: LineChange } | { ok: false; issues: Issue[] } {
  const wanted = {
    ...(rate === shownRate ? {} : { ratePerSecond: Number(rate) }),
    ...(paused === shownPaused ? {} : { paused: paused === "yes" }),
    ...(notice === shownNotice ? {} : { notice: notice || null }),
  };
  if (Object.keys(wanted).length === 0) {
    return { ok: false, issues: [{ path: "form", message: "changes nothing" }] };
  }
  const parsed = lineChangeSchema.safeParse(wanted);
  if (parsed.success) return { ok: true, change: parsed.data };
  const toFormIssue = ({ path, message }: Issue) => ({
    path: path === "ratePerSecond" ? "rate" : path,
    message,
  });
  return { ok: false, issues: toIssues(parsed.error).map(toFormIssue) };
}
