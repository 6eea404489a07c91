// Several machines, one proof: files keep what was observed, and merged evidence is judged as if one machine had seen it all.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { UsageError } from "../../../src/local/command-line.ts";
import type { Evidence } from "../../../src/local/rehearse/evidence.ts";
import {
  merge,
  type Observation,
  readObservation,
  writeObservation,
} from "../../../src/local/rehearse/observation.ts";
import { verify } from "../../../src/local/rehearse/proofs/verify.ts";
import { makeTempDir } from "../../../src/local/temp-dir.ts";
import { correctSale, NOW } from "./evidence.ts";

const MACHINE = { cpus: 1, cpu: "x", memoryBytes: 1, os: "x", node: "x", workerd: "x" };

/** What a machine observed whose people were these, before and after which the ledger was as given. */
function observed(users: string[], changes: Partial<Evidence> = {}, startedAt = NOW): Observation {
  const sale = correctSale();
  const mine = <T extends { user: string }>(all: T[]) =>
    all.filter(({ user }) => users.includes(user));
  const orders = sale.ledgerOrders.filter(({ userId }) => users.includes(userId));
  const skus = [
    {
      ...sale,
      purchases: mine(sale.purchases as (Evidence["purchases"][number] & { user: string })[]),
      ledgerOrders: orders,
      shown: new Map([...sale.shown].filter(([id]) => orders.some((order) => order.id === id))),
      lists: new Map([...sale.lists].filter(([user]) => users.includes(user))),
      ...changes,
    },
  ];
  return {
    ...{ url: "https://drops.example", commit: "c", machine: MACHINE as never, seed: 1 },
    ...{ provider: "sandbox", buyers: users.length, concurrency: 4, scenario: "rush", seconds: 2 },
    ...{ requestsPerSecond: 10, notes: ["same"], startedAt, endedAt: startedAt + 1_000 },
    members: users.map((user) => ({ user })),
    recorder: {
      outcomes: new Map([["buy", new Map([["202", users.length]])]]),
      latencies: new Map([["buy", users.map(() => 5)]]),
      ...{ pace: undefined, requestCount: 10, errorCount: 1 },
    },
    findings: { skus, breaches: new Map([["x", 1]]), deadLetters: [], log: undefined },
  };
}

const between = { stocked: 2, available: 1, held: 0, sold: 1, unacknowledged: 0 };
const first = () => observed(["ann"], { after: between });
const second = () => observed(["bob", "cid"], { before: between, clockErrorMs: 9 }, NOW + 500);
const brokenIn = ({ findings }: Observation) =>
  verify({ ...findings, breaches: new Map() })
    .filter(({ status }) => status === "broken")
    .map(({ claim }) => claim);

test("judges the evidence of two machines as that of one, in any order", () => {
  for (const all of [
    [first(), second()],
    [second(), first()],
  ]) {
    const merged = merge(all);
    expect(brokenIn(merged)).toEqual([]);
    expect(merged).toMatchObject({ buyers: 3, requestsPerSecond: 20, seconds: 2 });
    expect(merged.recorder.outcomes.get("buy")).toEqual(new Map([["202", 3]]));
    expect(merged.recorder.latencies.get("buy")).toEqual([5, 5, 5]);
    expect(merged.findings.breaches).toEqual(new Map([["x", 2]]));
    expect(merged.findings.skus[0]).toMatchObject({ clockErrorMs: 9, before: { sold: 0 } });
  }
});

test("detects that one machine's evidence is missing", () => {
  const late = observed(["bob", "cid"]); // began when nothing was sold
  expect(brokenIn(merge([late]))).toContain("units sold = stock or demand, whichever is less");
});

test("detects a double sale that no machine could see alone", () => {
  const more = { stocked: 2, available: 0, held: 0, sold: 2, unacknowledged: 0 };
  const again = observed(["ann"], { before: more, after: more }, NOW + 900);
  const third = { ...again, members: [{ user: "dan" }] };
  expect(brokenIn(merge([first(), second(), third])).length).toBeGreaterThan(0);
});

test("waits for the slowest machine, and for none that never got there", () => {
  const finalOf = (ms: number | undefined) =>
    merge([first(), observed(["bob"], { finalAfterMs: ms })]).findings.skus[0]?.finalAfterMs;
  expect(finalOf(5_000)).toBe(5_000);
  expect(finalOf(undefined)).toBeUndefined();
});

test("refuses evidence of different sales", () => {
  const sku = { ...correctSale().sku, id: "another" };
  expect(() => merge([first(), observed(["bob"], { sku })])).toThrow(UsageError);
});

test("refuses evidence that is named twice, which would look like an oversell", () => {
  expect(() => merge([first(), second(), first()])).toThrow(UsageError);
});

test("a file keeps exactly what was observed", async () => {
  const file = join(makeTempDir("observation"), "a.json");
  const given = first();
  await writeObservation(file, given);
  const read = await readObservation(file);
  expect(brokenIn(merge([read, second()]))).toEqual([]);
  const { skus } = read.findings;
  const [{ history, shown, authenticated } = {} as Evidence] = skus;
  expect(history).toEqual(given.findings.skus[0]?.history);
  expect(authenticated).toEqual(new Set());
  expect(shown.get("o1")?.owner?.headers.get("x-served-from")).toBe("read-model");
});

test.each(["", "{}", "null", "[]", '{"format":"rehearsal 0","observation":{}}', "no JSON"])(
  "refuses a file that no machine wrote: %s",
  async (text) => {
    const file = join(makeTempDir("observation"), "a.json");
    writeFileSync(file, text);
    await expect(readObservation(file)).rejects.toThrow(UsageError);
  },
);
