// An instant in an operator's document.
import * as z from "zod";

/** ISO 8601 has four digits for the year. Nothing is sold before 1970. */
const FIRST_YEAR = 1970;
const LAST_YEAR = 9999;

/** An instant, converted to UTC. The year is checked afterwards, because an offset can change it. */
export const instantSchema = z.iso.datetime({ offset: true }).transform((text, ctx) => {
  const at = new Date(text);
  const year = at.getUTCFullYear();
  if (year >= FIRST_YEAR && year <= LAST_YEAR) return at.toISOString();
  const message = Number.isNaN(year)
    ? "is not a valid date"
    : `must be in the years ${FIRST_YEAR} to ${LAST_YEAR}, in UTC`;
  ctx.addIssue({ code: "custom", message });
  return z.NEVER;
});
