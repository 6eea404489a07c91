// Small rehearsals from command line to exit status: all scenarios run, and all proofs hold.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import type { Result } from "../../../src/local/rehearse/result.ts";
import { makeTempDir } from "../../../src/local/temp-dir.ts";

const MAIN = resolve(import.meta.dirname, "../../../src/local/rehearse/main.ts");
/** Only so that a hang ends. */
const LIMITS = { timeout: 600_000 };
const SCENARIOS = [
  ...["rush", "waves", "open-close", "edits"],
  ...["contested-holds", "last-moment", "refunds", "sale-limit"],
];

async function rehearse(...args: string[]): Promise<{ status: number; result: Result }> {
  const json = join(makeTempDir("rehearsal"), "result.json");
  const all = [MAIN, "--buyers", "40", "--json", json, ...args];
  const [status] = await once(spawn(process.execPath, all, { stdio: "ignore" }), "exit");
  return { status, result: JSON.parse(readFileSync(json, "utf8")) as Result };
}

const notHeld = ({ proofs }: Result) => proofs.filter(({ status }) => status !== "held");

const scenariosOf = ({ skus }: Result) => new Set(skus.map(({ scenario }) => scenario));

// All wait for holds to end, or for people who sleep, most of the time.
test.concurrent(
  "exits with 1 if a threshold is missed, and writes measurements, commit and machine as JSON",
  LIMITS,
  async () => {
    const { status, result } = await rehearse("--max-p99", "0.1");
    expect(notHeld(result)).toMatchObject([
      { claim: "p99 of every kind of request ≤ 0.1 ms", status: "broken" },
    ]);
    expect(status).toBe(1);
    expect(scenariosOf(result)).toEqual(new Set(SCENARIOS));
    expect(result.commit).toMatch(/^[0-9a-f]{40}(-dirty)?$/);
    expect(result.machine).toMatchObject({
      cpus: expect.any(Number),
      memoryBytes: expect.any(Number),
      os: expect.any(String),
      node: process.version,
      workerd: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    });
  },
);

test.concurrent(
  "proves money, holds and refunds at the fake Stripe, and measures the pace of its payments",
  LIMITS,
  async () => {
    const { status, result } = await rehearse("--provider", "stripe", "--seed", "11");
    expect(notHeld(result)).toEqual([]);
    expect(status).toBe(0);
    expect(scenariosOf(result)).toEqual(new Set([...SCENARIOS, "paid-drop"]));
    expect(result).toMatchObject({
      seed: 11,
      provider: "stripe",
      pace: { allowedPerSecond: 20, charges: 40 },
    });
  },
);

test.concurrent(
  "proves a line and its draw while the instance is killed twice",
  LIMITS,
  async () => {
    const { status, result } = await rehearse("--admission", "draw");
    expect(notHeld(result)).toEqual([]);
    expect(status).toBe(0);
    expect(result.notes.join()).toContain("instance killed 2 times");
  },
);
