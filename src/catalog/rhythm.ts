// How often an edge asks what has changed: every second around a sale, once a minute while nothing is on. Pure.
import { registrationOf } from "../admission/settings.ts";
import type { Sale } from "./schema.ts";

/** How old something may get that an edge holds. Milliseconds. */
export interface Rhythm {
  /** Up to this age it is served without a refresh. */
  freshMs: number;
  /** Up to this age it is served at once while one caller refreshes it. After that, callers wait. */
  revalidateMs: number;
}

/** Part of the five seconds in which a change shows everywhere: see `snapshot.ts`. */
export const BRISK: Rhythm = { freshMs: 1_000, revalidateMs: 1_750 };
/** A colo costs at most one command in 45 seconds: the lifetime of each reading is up to a quarter shorter. */
export const CALM: Rhythm = { freshMs: 60_000, revalidateMs: 60_750 };

/** How long before people come for a sale, and after its close, edges ask every second. */
const AROUND_MS = 600_000;

/** From when until before when: milliseconds. */
export type Span = readonly [from: number, to: number];

type Timed = Pick<Sale, "opensAt" | "closesAt" | "admission">;

/** When edges ask every second because of these sales: in order, without overlaps. */
export function briskSpans(sales: readonly Timed[]): Span[] {
  const spans = sales.map(spanOf).sort(([a], [b]) => a - b);
  const merged: Span[] = [];
  for (const [from, to] of spans) {
    const last = merged.at(-1);
    if (last && from <= last[1]) merged[merged.length - 1] = [last[0], Math.max(last[1], to)];
    else merged.push([from, to]);
  }
  return merged;
}

function spanOf(sale: Timed): Span {
  const opensAt = Date.parse(sale.opensAt);
  const comeAt = Math.min(opensAt, registrationOf(sale)?.opensAt ?? opensAt);
  return [comeAt - AROUND_MS, Date.parse(sale.closesAt) + AROUND_MS];
}

/** @param spans as `briskSpans` returns them. @param now milliseconds */
export function rhythmAt(spans: readonly Span[], now: number): Rhythm {
  for (const [from, to] of spans) {
    if (now < from) return CALM;
    if (now < to) return BRISK;
  }
  return CALM;
}
