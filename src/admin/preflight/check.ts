// One check of a preflight: what it found, within a time limit.
import { causeOf } from "../../observability/log.ts";

/** `warn`: the sale works, but the operator should know. `fail`: it would not work as it is. */
export interface Finding {
  state: "ok" | "warn" | "fail";
  detail: string;
  /** What to do about it. Absent if it is fine. */
  todo?: string;
}

export interface Check extends Finding {
  name: string;
}

export const ok = (detail: string): Finding => ({ state: "ok", detail });
export const warn = (detail: string, todo: string): Finding => ({ state: "warn", detail, todo });
export const fail = (detail: string, todo: string): Finding => ({ state: "fail", detail, todo });

/** Longest that a check takes: milliseconds. Longer than any time limit of the things that it checks. */
const LIMIT_MS = 6_000;

/** Runs a check. One that throws or takes too long fails, and never breaks the others. */
export async function runCheck(
  name: string,
  work: () => Promise<Finding>,
  limitMs = LIMIT_MS,
): Promise<Check> {
  const late = Promise.withResolvers<Finding>();
  const timer = setTimeout(
    () => late.resolve(fail(`no answer within ${limitMs} ms`, "Run the preflight again")),
    limitMs,
  );
  try {
    return { name, ...(await Promise.race([work(), late.promise])) };
  } catch (error) {
    return { name, ...fail(causeOf(error), "Look for the cause, and run the preflight again") };
  } finally {
    clearTimeout(timer);
  }
}
