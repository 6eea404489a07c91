// Versioned fields: the newest version wins, whatever the order, repetition, or batching of writes.
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { requireConfig } from "../../src/config/config.ts";
import { withRedis } from "../../src/redis/client.ts";
import { readVersioned, type VersionedField, writeNewer } from "../../src/redis/versioned.ts";
import { emptyRedis, redis, redisIsBack } from "../support/redis.ts";
import { unique } from "../support/shop.ts";

const config = () => requireConfig(env);
const write = (fields: VersionedField[]) =>
  withRedis(config(), "redis-background", (client, keys) => writeNewer(client, keys, fields));

beforeAll(emptyRedis);
beforeEach(redisIsBack);

const writes = fc.array(
  fc.record({
    field: fc.constantFrom("a", "b"),
    version: fc.oneof(fc.nat(20), fc.integer({ min: 1_800_000_000_000, max: 1_800_000_000_020 })),
    value: fc.string({ unit: "binary" }),
  }),
  { minLength: 1, maxLength: 12 },
);

test("the highest version wins, and the first write among equals", async () => {
  await fc.assert(
    fc.asyncProperty(writes, fc.integer({ min: 1, max: 12 }), async (all, batchSize) => {
      const key = unique("versioned");
      for (let i = 0; i < all.length; i += batchSize) {
        await write(all.slice(i, i + batchSize).map((one) => ({ ...one, key })));
      }
      for (const field of new Set(all.map((one) => one.field))) {
        const mine = all.filter((one) => one.field === field);
        const highest = Math.max(...mine.map(({ version }) => version));
        const winner = mine.find(({ version }) => version === highest);
        const stored = readVersioned(await redis<string>("HGET", key, field));
        const asStored = JSON.parse(JSON.stringify(winner?.value));
        expect(stored).toEqual({ version: highest, value: asStored });
      }
    }),
    { numRuns: 60 },
  );
});

test("writes a hundred fields of a hundred keys once", async () => {
  const fields = Array.from({ length: 100 }, (_, i) => ({
    key: unique("many"),
    field: "f",
    version: 1,
    value: i,
  }));
  expect(await write(fields)).toBe(100);
  expect(await write(fields)).toBe(0);
});

test("reads a field in any other format as absent", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const read = readVersioned(text);
      if (read) expect(text.startsWith(`${read.version}`.slice(0, 1))).toBe(true);
    }),
  );
  for (const text of [null, "", "1", "1 ", "x 1", " 1 1", "1 {", "-1 1"]) {
    expect(readVersioned(text)).toBeUndefined();
  }
});
