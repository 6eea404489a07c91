// The check of a preflight that looks for the last rehearsal. It never fails: whoever has rehearsed elsewhere may sell.
import type { Admission } from "../../admission/settings.ts";
import type { RecordedRehearsal } from "../rehearsals.ts";
import { type Finding, ok, warn } from "./check.ts";

/** A rehearsal is too old for a sale after this: milliseconds. */
const OLD_MS = 7 * 86_400_000;
const HOUR_MS = 3_600_000;
const HOW = "ADMIN_TOKEN=… npm run rehearse -- --url URL --buyers 50";

/**
 * Judges the last rehearsal that was like the sale, or else the last one.
 *
 * @param rehearsals of this deployment, the newest first
 * @param mode of the sale. Rehearsals with a line have its mode as their scenario
 */
export function judgeRehearsals(
  rehearsals: readonly RecordedRehearsal[],
  mode: Admission["mode"],
  now: number,
): Finding {
  const [newest] = rehearsals;
  if (!newest) return warn("no rehearsal of this deployment is on record", `Rehearse: ${HOW}`);
  const alike = mode === "open" ? newest : rehearsals.find(({ scenario }) => scenario === mode);
  const last = alike ?? newest;
  const age = Math.max(0, now - Date.parse(last.at));
  const detail = `${ageOf(age)} ago: ${summaryOf(last)}`;
  if (last.broken > 0) {
    return warn(detail, "Read what that rehearsal printed, find the cause, and rehearse again");
  }
  if (!alike) return warn(detail, `Rehearse a line like the sale's: ${HOW} --admission ${mode}`);
  return age > OLD_MS ? warn(detail, `Rehearse again: ${HOW}`) : ok(detail);
}

const summaryOf = (rehearsal: RecordedRehearsal): string => {
  const { scenario, provider, buyers, held, broken, notObserved } = rehearsal;
  return (
    `${scenario} with ${buyers} buyers, payments by ${provider}; ` +
    `proofs: ${held} held, ${broken} broken, ${notObserved} not observed`
  );
};

function ageOf(ms: number): string {
  const hours = Math.floor(ms / HOUR_MS);
  if (hours < 1) return "less than an hour";
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} days`;
}
