// The observations of one machine in a rehearsal, as a file, and those of several machines as one.
import { readFile, writeFile } from "node:fs/promises";
import { UsageError } from "../command-line.ts";
import type { Evidence, Findings } from "./evidence.ts";
import type { Machine } from "./machine.ts";
import type { Provider } from "./options.ts";
import type { Recorder } from "./recorder.ts";

/** A member of the crowd, as the report counts them. */
export interface Member {
  user: string;
  bot?: { name: string };
}

/** The circumstances of a rehearsal, and its pace. */
export interface Run {
  url: string;
  /** The commit of this working copy. An instance at --url may run another one. */
  commit: string | undefined;
  /** The machine that sent the requests. Without --url, the instance ran on it too. */
  machine: Machine;
  /** Repeats the random choices with --seed. */
  seed: number;
  provider: Provider;
  buyers: number;
  concurrency: number;
  /** The scenario that ran first and alone: the rush, or the line. */
  scenario: string;
  /** Duration of that scenario, without signing in and checking. */
  seconds: number;
  /** In that scenario. */
  requestsPerSecond: number;
  /** Parts that this rehearsal left out. */
  notes: string[];
}

export interface Observation extends Run {
  /** The server's time at the start and at the end, in milliseconds. */
  startedAt: number;
  endedAt: number;
  members: Member[];
  recorder: Pick<Recorder, "outcomes" | "latencies" | "pace" | "requestCount" | "errorCount">;
  findings: Findings;
}

/** Tells files of this release from others. */
const FORMAT = "rehearsal 1";

export async function writeObservation(path: string, observation: Observation): Promise<void> {
  await writeFile(path, JSON.stringify({ format: FORMAT, observation }, replacer));
}

/** @throws {UsageError} if a file is no observation */
export async function readObservation(path: string): Promise<Observation> {
  try {
    const { format, observation } = JSON.parse(await readFile(path, "utf8"), reviver);
    if (format === FORMAT) return observation;
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${(error as Error).message}`);
  }
  throw new UsageError(`${path} is not what --evidence of this release writes.`);
}

/** JSON has none of these. */
function replacer(_key: string, value: unknown): unknown {
  if (value instanceof Map) return { $: "Map", of: [...value] };
  if (value instanceof Set) return { $: "Set", of: [...value] };
  if (value instanceof Headers) return { $: "Headers", of: [...value] };
  return typeof value === "number" && !Number.isFinite(value) ? { $: String(value) } : value;
}

function reviver(_key: string, value: unknown): unknown {
  const { $, of = [] } = (value ?? {}) as { $?: string; of?: [] };
  if ($ === undefined) return value;
  if ($ === "Map") return new Map(of);
  if ($ === "Set") return new Set(of);
  return $ === "Headers" ? new Headers(of) : Number($);
}

/**
 * One observation of the same sale by all machines. A machine whose evidence is missing shows as units that were taken without an
 * order. @throws {UsageError} if they observed different sales, or the same people
 */
export function merge(all: Observation[]): Observation {
  const sorted = all.toSorted((a, b) => a.endedAt - b.endedAt);
  const [first] = all as [Observation];
  const ids = (one: Observation) => one.findings.skus.map(({ sku }) => sku.id).join(", ");
  const other = all.find((one) => ids(one) !== ids(first));
  if (other)
    throw new UsageError(`These machines observed different items: ${ids(first)}; ${ids(other)}.`);
  const people = all.flatMap(({ members }) => members.map(({ user }) => user));
  if (new Set(people).size < people.length) {
    throw new UsageError("Two of these files have the same people. Is one named twice?");
  }
  const add = (of: (one: Observation) => number) => all.reduce((sum, one) => sum + of(one), 0);
  const recorders = all.map(({ recorder }) => recorder);
  return {
    ...first,
    buyers: add(({ buyers }) => buyers),
    concurrency: add(({ concurrency }) => concurrency),
    seconds: Math.max(...all.map(({ seconds }) => seconds)),
    requestsPerSecond: add(({ requestsPerSecond }) => requestsPerSecond),
    notes: [`From ${all.length} machines`, ...new Set(all.flatMap(({ notes }) => notes))],
    members: all.flatMap(({ members }) => members),
    recorder: {
      outcomes: mergeMaps(
        recorders.map(({ outcomes }) => outcomes),
        (counts) => mergeMaps(counts, sum),
      ),
      latencies: mergeMaps(
        recorders.map(({ latencies }) => latencies),
        (times) => times.flat(),
      ),
      pace: undefined,
      requestCount: add(({ recorder }) => recorder.requestCount),
      errorCount: add(({ recorder }) => recorder.errorCount),
    },
    findings: {
      skus: first.findings.skus.map((_, at) =>
        mergeEvidence(
          sorted.map(({ findings }) => findings.skus[at] as Evidence),
          earliest(all).findings.skus[at] as Evidence,
        ),
      ),
      breaches: mergeMaps(
        all.map(({ findings }) => findings.breaches),
        sum,
      ),
      deadLetters: all.flatMap(({ findings }) => findings.deadLetters),
      log: undefined,
    },
  };
}

const earliest = (all: Observation[]): Observation =>
  all.toSorted((a, b) => a.startedAt - b.startedAt)[0] as Observation;

/** `parts`: by the time at which they were collected, so that the last one saw the ledger after everybody's orders. */
function mergeEvidence(parts: Evidence[], { before }: Pick<Evidence, "before">): Evidence {
  const last = parts.at(-1) as Evidence;
  const final = parts.map(({ finalAfterMs }) => finalAfterMs ?? Number.POSITIVE_INFINITY);
  const finalAfterMs = Math.max(...final);
  return {
    ...last,
    before,
    clockErrorMs: Math.max(...parts.map(({ clockErrorMs }) => clockErrorMs)),
    ledgers: parts.flatMap(({ ledgers, after }) => [...ledgers, after]),
    finalAfterMs: Number.isFinite(finalAfterMs) ? finalAfterMs : undefined,
    ledgerOrders: parts.flatMap(({ ledgerOrders }) => ledgerOrders),
    purchases: parts.flatMap(({ purchases }) => purchases),
    orderActions: parts.flatMap(({ orderActions }) => orderActions),
    authenticated: new Set(parts.flatMap(({ authenticated }) => [...authenticated])),
    shown: new Map(parts.flatMap(({ shown }) => [...shown])),
    lists: new Map(parts.flatMap(({ lists }) => [...lists])),
    live: parts
      .flatMap(({ live }) => live)
      .toSorted((a, b) => Date.parse(a.asOf) - Date.parse(b.asOf)),
    books: parts.every(({ books }) => books)
      ? new Map(parts.flatMap(({ books }) => [...(books ?? [])]))
      : undefined,
  };
}

const sum = (counts: number[]): number => counts.reduce((all, one) => all + one, 0);

/** The values of each key, combined. */
function mergeMaps<Key, Value>(
  maps: ReadonlyMap<Key, Value>[],
  combine: (values: Value[]) => Value,
): Map<Key, Value> {
  const entries = Map.groupBy(
    maps.flatMap((map) => [...map]),
    ([key]) => key,
  );
  return new Map([...entries].map(([key, all]) => [key, combine(all.map(([, value]) => value))]));
}
