// Isolates that share a value, its source, and the cache of their colo.
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { onTestFinished, vi } from "vitest";
import { requireConfig } from "../../src/config.ts";
import { coloKey } from "../../src/edge/colo.ts";
import type { EdgeScope } from "../../src/edge/scope.ts";
import { SwrCache } from "../../src/edge/swr-cache.ts";
import { unique, until } from "../support/shop.ts";

export const FRESH = 1_000;
export const REVALIDATE = 2_000;
export const STALE = 60_000;

const config = requireConfig(env);

let moment = Date.now();
/** A moment later than what the cache may still hold of another test; without the jitter of lifetimes. */
export function aMoment(): number {
  const dice = vi.spyOn(Math, "random").mockReturnValue(0);
  onTestFinished(() => dice.mockRestore());
  moment += 1_000_000;
  return moment;
}

/** A request that reads. */
export function aReader(): EdgeScope {
  const context = createExecutionContext();
  return { config, waitUntil: (work) => context.waitUntil(work) };
}

/** A source that can be broken; its value counts how often it was asked. */
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

/** What an isolate keeps; two of one name are two isolates in one colo. */
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

/** The value, marked where it is older than its bound. */
export const read = async (isolate: SwrCache<number, string>) => {
  const asked = Date.now();
  const { value, readAt } = await isolate.read(aReader());
  return asked - readAt > REVALIDATE ? `${value} stale` : value;
};

/** Waits until the colo's cache has it. */
export const inColo = (name: string) =>
  until("the colo has a copy", () => caches.default.match(coloKey(config, name)));
