// A small rehearsal from command line to exit status: all scenarios run, and all proofs hold.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import type { Result } from "../../../src/local/rehearse/result.ts";
import { makeTempDir } from "../../../src/local/temp-dir.ts";

const MAIN = resolve(import.meta.dirname, "../../../src/local/rehearse/main.ts");
/** Ends a hang. */
const LIMIT_MS = 180_000;

test("exits with 1 if a threshold is missed, and writes measurements, commit and machine as JSON", {
  timeout: LIMIT_MS,
}, async () => {
  const json = join(makeTempDir("rehearsal"), "result.json");
  const args = [MAIN, "--buyers", "40", "--max-p99", "0.1", "--json", json];
  const run = spawn(process.execPath, args, { stdio: "ignore" });
  const [status] = await once(run, "exit");
  const result = JSON.parse(readFileSync(json, "utf8")) as Result;
  const others = result.proofs.filter(({ status }) => status !== "held");
  expect(others).toMatchObject([
    { claim: "p99 of every kind of request ≤ 0.1 ms", status: "broken" },
  ]);
  expect(status).toBe(1);
  expect(new Set(result.skus.map(({ scenario }) => scenario))).toEqual(
    new Set(["rush", "waves", "open-close", "edits", "contested-holds", "last-moment"]),
  );
  expect(result.commit).toMatch(/^[0-9a-f]{40}(-dirty)?$/);
  expect(result.machine).toMatchObject({
    cpus: expect.any(Number),
    memoryBytes: expect.any(Number),
    os: expect.any(String),
    node: process.version,
    workerd: expect.stringMatching(/^\d+\.\d+\.\d+$/),
  });
});
