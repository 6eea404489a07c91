// Simulates isolates that share a source and the cache of their colo.
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { onTestFinished, vi } from "vitest";
import { requireConfig } from "../../src/config/config.ts";
import { coloKey } from "../../src/edge/colo.ts";
import type { EdgeScope } from "../../src/edge/scope.ts";
import { SwrCache } from "../../src/edge/swr-cache.ts";
import { unique, until } from "../support/shop.ts";

export const FRESH = 1_000;
export const REVALIDATE = 2_000;
export const STALE = 60_000;

const config = requireConfig(env);

let moment = Date.now();
/** A time after the lifetimes of all copies from earlier tests. Also disables the jitter of lifetimes. */
export function aMoment(): number {
  const dice = vi.spyOn(Math, "random").mockReturnValue(0);
  onTestFinished(() => dice.mockRestore());
  moment += 1_000_000;
  return moment;
}

/** The scope of a request that reads. */
export function aReader(): EdgeScope {
  const context = createExecutionContext();
  return { config, waitUntil: (work) => context.waitUntil(work) };
}

/** A source that can be broken. Its value is the number of reads. */
export function aSource() {
  const source = {
    loads: 0,
    broken: false,
    load: async () => {
      source.loads += 1;
      if (source.broken) throw new Error("the source is broken");
      return source.loads;
    },
  };
  return source;
}

type Source = { load(): Promise<number> };

/** The cache in one isolate. Caches with the same name are in isolates of one colo. */
export const anIsolate = (
  source: Source,
  name = unique("value"),
  fallback?: () => Promise<number>,
) =>
  new SwrCache<number, string>({
    name,
    freshMs: FRESH,
    revalidateMs: REVALIDATE,
    staleMs: STALE,
    load: source.load,
    build: (raw) => `v${raw}`,
    ...(fallback ? { fallback } : {}),
  });

/** The value, marked if it is older than `REVALIDATE`. */
export const read = async (isolate: SwrCache<number, string>) => {
  const startedAt = Date.now();
  const { value, readAt } = await isolate.read(aReader());
  return startedAt - readAt > REVALIDATE ? `${value} stale` : value;
};

/** Waits until the colo's cache has a copy. */
export const inColo = (name: string) =>
  until("the colo has a copy", () => caches.default.match(coloKey(config, name)));
