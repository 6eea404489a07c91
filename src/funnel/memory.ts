// How an isolate remembers things for a while.

/**
 * Options of a cache whose entries live so long. Without the cache's own clock: that rests on a timer,
 * which on Workers dies with the request that set it, and then nothing would ever expire.
 */
export const memoryFor = (ttl: number) => ({
  ttl,
  ttlResolution: 0,
  perf: { now: () => Date.now() },
});
