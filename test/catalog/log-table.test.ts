// The table of the operators' log: append-only, bounded, and one entry for a repeated request.
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { Completion, NewEntry } from "../../src/catalog/log-entry.ts";
import { LogTable } from "../../src/catalog/log-table.ts";
import { unique } from "../support/shop.ts";

const aRegistry = () => env.SALE_REGISTRY.getByName(unique("registry"));

const ENTRY: NewEntry = {
  actor: { name: "ann", role: "operator" },
  action: "sku.restocked",
  target: "sku/x",
  changes: [{ path: "quantity", after: 5 }],
  requestId: "request",
};
const DONE = { outcome: "done", changes: ENTRY.changes } as const;
const REFUSED: Completion = { outcome: "refused", code: "not_found", changes: [] };

test("shows an action that was interrupted as unknown, also after a restart", async () => {
  const stub = aRegistry();
  await stub.beginEntry(ENTRY);
  await evictDurableObject(stub);
  using entries = await stub.logPage(undefined, undefined, 10);
  expect([...entries]).toMatchObject([{ ...ENTRY, outcome: "unknown" }]);
});

test("keeps the first known outcome of an action", async () => {
  await runInDurableObject(aRegistry(), (registry) => {
    const id = registry.beginEntry(ENTRY);
    registry.completeEntry(id, { outcome: "unknown", code: "unavailable", changes: [] });
    registry.completeEntry(id, DONE);
    registry.completeEntry(id, REFUSED);
    registry.completeEntry(id + 1, REFUSED); // an id that does not exist
    const [entry, ...others] = registry.logPage(undefined, undefined, 10);
    expect(entry).toMatchObject(DONE);
    expect(entry).not.toHaveProperty("code");
    expect(others).toEqual([]);
  });
});

test("has one entry for requests with the same key, unless one was refused", async () => {
  await runInDurableObject(aRegistry(), (registry) => {
    const entry = { ...ENTRY, key: "k" };
    const outcomes = () => registry.logPage(undefined, undefined, 10).map((e) => e.outcome);
    const refused = registry.beginEntry(entry);
    registry.completeEntry(refused, REFUSED);
    const first = registry.beginEntry(entry);
    expect(first).not.toBe(refused);
    expect(registry.beginEntry(entry)).toBe(first); // the first one was interrupted
    registry.completeEntry(first, DONE);
    expect(registry.beginEntry(entry)).toBe(first);
    expect(outcomes()).toEqual(["done", "refused"]);
    registry.beginEntry({ ...ENTRY, key: "another" });
    registry.beginEntry(ENTRY);
    registry.beginEntry(ENTRY);
    expect(outcomes()).toHaveLength(5);
  });
});

test("pages from the newest entry to the oldest, of all targets or one", async () => {
  await runInDurableObject(aRegistry(), (registry) => {
    const ids = Array.from({ length: 7 }, (_, i) =>
      registry.beginEntry({ ...ENTRY, target: i % 2 === 0 ? "sku/even" : "sku/odd" }),
    );
    const newestFirst = ids.toReversed();
    const idsOf = (...page: Parameters<typeof registry.logPage>) =>
      registry.logPage(...page).map(({ id }) => id);
    expect(idsOf(undefined, undefined, 3)).toEqual(newestFirst.slice(0, 3));
    expect(idsOf(undefined, newestFirst[2], 10)).toEqual(newestFirst.slice(3));
    expect(idsOf("sku/odd", undefined, 10)).toEqual([ids[5], ids[3], ids[1]]);
    expect(idsOf("sku/odd", ids[3], 10)).toEqual([ids[1]]);
    expect(idsOf("sku/none", undefined, 10)).toEqual([]);
  });
});

test("drops the oldest entries beyond its limit, and never uses an id again", async () => {
  await runInDurableObject(aRegistry(), (_, { storage }) => {
    const table = new LogTable(storage.sql, 3);
    const ids = Array.from({ length: 10 }, () => table.begin(ENTRY, 0));
    expect(new Set(ids).size).toBe(10);
    expect(table.page(undefined, undefined, 10).map(({ id }) => id)).toEqual(
      ids.slice(-3).toReversed(),
    );
  });
});
