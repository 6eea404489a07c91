// The console's form for the line of a sale: its rate, whether it stands still, and its notice.
import * as z from "zod";
import { type LineChange, type LineReport, lineChangeSchema } from "../../admission/client.ts";
import { type Asked, commandIn, numberIn, reasonField } from "./form-schema.ts";

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

/** A field of one line drops line breaks, which a notice that the API set can have: that is no edit. */
const inOneLine = (text: string): string => text.replace(/[\r\n]/g, "");

/** The change that a form asks for, or what is wrong with it. */
export function lineChangeOf({
  rate,
  paused,
  notice,
  shownRate,
  shownPaused,
  shownNotice,
}: LineForm): Asked<LineChange> {
  const wanted = {
    ...(rate === shownRate ? {} : { ratePerSecond: numberIn(rate) ?? Number.NaN }),
    ...(paused === shownPaused ? {} : { paused: paused === "yes" }),
    ...(inOneLine(notice) === inOneLine(shownNotice) ? {} : { notice: notice || null }),
  };
  if (Object.keys(wanted).length === 0) {
    return { ok: false, issues: [{ path: "form", message: "changes nothing" }] };
  }
  return commandIn(lineChangeSchema, wanted, { ratePerSecond: "rate" });
}
