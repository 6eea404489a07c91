// What an isolate remembers of its callers and of what it has read: bounded memories, each with a budget
// in bytes, all listed here. An isolate that outgrows its 128 MB is stopped, and every request in it.
import { LRUCache } from "lru-cache";

const MIB = 1024 * 1024;

/**
 * The most bytes each memory may take; a test measures that none takes more. Together they stay within
 * half of an isolate: the other half is for the program, the catalog, the rules and the requests under way.
 */
export const BUDGETS = {
  /** Rendered pages. */
  pages: 8 * MIB,
  /** Tokens whose signature was checked. */
  tokens: 6 * MIB,
  /** What is left of a caller's limit. */
  limits: 6 * MIB,
  /** How often a user was refused. */
  histories: 2 * MIB,
  /** Users whose block is on its way to all edges. */
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
  /** Attempts that Redis could not note. */
  unstored: 0.25 * MIB,
  /** The published stock of a sale. */
  stock: 5 * MIB,
  /** Sales that closed long ago, as they were asked for. */
  older: 6 * MIB,
  /** Filters of the buyers of sold-out SKUs. */
  buyers: 6 * MIB,
  /** SKUs that an object called sold out, and those it is being asked about. */
  answered: 0.5 * MIB,
  asking: 0.25 * MIB,
  /** Names of keys that the identity provider does not have. */
  keys: 0.25 * MIB,
  /** Addresses that sent too many wrong operator tokens. */
  guessers: 0.25 * MIB,
  /** SKUs whose object is overloaded, and the attempts that wait for one. */
  overloads: 0.25 * MIB,
  waiting: 1 * MIB,
} as const;

export type MemoryName = keyof typeof BUDGETS;
export type Memory<Value extends {}> = Pick<
  LRUCache<string, Value>,
  "get" | "set" | "has" | "delete"
>;

/** What an entry costs beside its key and its value, measured in V8 and rounded up. */
const ENTRY_BYTES = 176;

/** Bytes of a string at most: V8 takes two for a character as soon as one is outside Latin-1. */
export const textBytes = (text: string): number => 24 + 2 * text.length;

interface MemoryOptions<Value> {
  /** Milliseconds that an entry lives; without it until others push it out. */
  ttl?: number;
  /** Whether an entry's time runs on from when its key was first seen, however often it is set anew. */
  fromFirst?: boolean;
  /** Bytes of a value, at least as many as it really takes; 0 for one that is only a reference or a flag. */
  sizeOf?(value: Value): number;
}

type AnyMemory = LRUCache<string, NonNullable<unknown>>;

const memories = new Map<MemoryName, AnyMemory>();

/** Makes a memory: the least recently used entries leave when its budget is full. */
export function memory<Value extends {}>(
  name: MemoryName,
  { ttl, fromFirst = false, sizeOf = () => 0 }: MemoryOptions<Value> = {},
): Memory<Value> {
  const made = new LRUCache<string, Value>({
    maxSize: BUDGETS[name],
    sizeCalculation: (value, key) => ENTRY_BYTES + textBytes(key) + sizeOf(value),
    ...(ttl === undefined ? {} : { ttl, noUpdateTTL: fromFirst, ...BY_THE_CLOCK }),
  });
  memories.set(name, made as unknown as AnyMemory);
  return made;
}

/**
 * Without the cache's own clock: that rests on a timer, which on Workers dies with the request that set it,
 * and then nothing would ever expire.
 */
const BY_THE_CLOCK = { ttlResolution: 0, perf: { now: () => Date.now() } };

/** For tests: all memories by name. */
export const allMemories = (): ReadonlyMap<MemoryName, AnyMemory> => memories;

/** For tests: an isolate that has seen nobody yet. */
export function resetMemories(): void {
  for (const made of memories.values()) made.clear();
}
