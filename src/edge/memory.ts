// The bounded in-memory caches of an isolate, each with a budget in bytes. An isolate that exceeds 128 MB is terminated
// together with all its requests.
import { LRUCache } from "lru-cache";

const MIB = 1024 * 1024;

/**
 * The most bytes of each memory; a test measures them. Together they take at most half of an isolate. The other half is
 * for the program, the catalog, the rules, and running requests.
 */
export const BUDGETS = {
  /** Rendered pages. */
  pages: 8 * MIB,
  /** Tokens whose signature was checked. */
  tokens: 6 * MIB,
  /** The remaining requests of a caller's limit. */
  limits: 6 * MIB,
  /** How often a user was refused. */
  histories: 2 * MIB,
  /** Users whose block has not reached all edges yet. */
  blocks: 0.5 * MIB,
  /** Accounts by address block. */
  accounts: 8 * MIB,
  /** Visits, and the account that used each. */
  visits: 3 * MIB,
  /** Users who solved a challenge. */
  challenges: 3 * MIB,
  /** Parsed addresses. */
  addresses: 2 * MIB,
  /** Keyed hashes of users and addresses. */
  hashes: 2 * MIB,
  /** Users who have just bought. */
  bought: 2 * MIB,
  /** Marks of attempts that Redis did not store. */
  unstored: 0.25 * MIB,
  /** The published stock and line of a sale. */
  stock: 5 * MIB,
  /** People who joined a line and were not reported yet. */
  arrivals: 1.25 * MIB,
  /** Archived sales that were requested. */
  archive: 6 * MIB,
  /** Draws that are being read. */
  draws: 0.5 * MIB,
  /** Filters of the buyers of sold-out SKUs. */
  buyerFilters: 6 * MIB,
  /** Stocks of sold-out SKUs as objects returned them. */
  objectStocks: 0.5 * MIB,
  /** SKUs whose buyers are being requested from the object. */
  buyerRequests: 0.25 * MIB,
  /** Names of keys that the identity provider does not have. */
  missingKeys: 0.25 * MIB,
  /** Addresses that sent too many wrong operator tokens. */
  lockedOut: 0.25 * MIB,
  /** SKUs whose object is overloaded. */
  overloads: 0.25 * MIB,
  /** Attempts that wait for an overloaded object. */
  waiting: 1 * MIB,
} as const;

export type MemoryName = keyof typeof BUDGETS;
export type Memory<Value extends {}> = Pick<
  LRUCache<string, Value>,
  "get" | "set" | "has" | "delete"
>;

/** Overhead of an entry beside its key and value, measured in V8 and rounded up. */
const ENTRY_BYTES = 176;

/** The most bytes of a string. V8 uses two bytes per character if any character is outside Latin-1. */
export const textBytes = (text: string): number => 24 + 2 * text.length;

interface MemoryOptions<Value> {
  /** Lifetime of an entry in milliseconds. Absent: until it is evicted. */
  ttl?: number;
  /** Whether the lifetime counts from the first time the key was set, even if it is set again. */
  fromFirst?: boolean;
  /** Upper bound of a value's bytes; 0 for a reference or a flag. */
  sizeOf?(value: Value): number;
}

type AnyMemory = LRUCache<string, NonNullable<unknown>>;

const memories = new Map<MemoryName, AnyMemory>();

/** Creates a memory. It evicts the least recently used entries when its budget is used up. */
export function memory<Value extends {}>(
  name: MemoryName,
  { ttl, fromFirst = false, sizeOf = () => 0 }: MemoryOptions<Value> = {},
): Memory<Value> {
  const cache = new LRUCache<string, Value>({
    maxSize: BUDGETS[name],
    sizeCalculation: (value, key) => ENTRY_BYTES + textBytes(key) + sizeOf(value),
    ...(ttl === undefined ? {} : { ttl, noUpdateTTL: fromFirst, ...BY_THE_CLOCK }),
  });
  memories.set(name, cache as unknown as AnyMemory);
  return cache;
}

/**
 * Replaces the cache's own clock. That uses a timer, which Workers cancels with the request that set it, so nothing
 * would ever expire.
 */
const BY_THE_CLOCK = { ttlResolution: 0, perf: { now: () => Date.now() } };

/** For tests: all memories by name. */
export const allMemories = (): ReadonlyMap<MemoryName, AnyMemory> => memories;

/** For tests: empties all memories, as in a new isolate. */
export function resetMemories(): void {
  for (const cache of memories.values()) cache.clear();
}
