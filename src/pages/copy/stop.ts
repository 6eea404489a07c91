// The copy for what an operator's switch stops. Shared by server and browser.
import type { Stop } from "../../catalog/sale-state.ts";
import type { Wording } from "./wording.ts";

/** What the Buy button says, and why no press can buy. */
export interface Halt {
  label: string;
  why: string;
}

/** The words for a stop. An operator's notice ends as they wrote it, and stays in their language. */
export function stopWords(
  { cause, notice }: Pick<Stop, "cause" | "notice">,
  { words: { stop }, fill, join }: Wording,
): Halt {
  if (cause === "closed") return { label: stop.closed, why: notice ?? stop.closedWhy };
  const why = notice === undefined ? stop[cause] : fill(stop.notice, { notice });
  // The page resumes by itself, so nobody needs to reload it.
  return { label: stop.paused, why: join(why, stop.resumes) };
}
