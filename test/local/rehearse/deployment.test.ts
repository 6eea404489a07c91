// Rehearsals of an instance that is set up like a deployment: no demo login, no play money, another operator's token.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { LogEntry } from "../../../src/catalog/log-entry.ts";
import { Client, expectOk, type SaleList } from "../../../src/local/client.ts";
import type { Result } from "../../../src/local/rehearse/result.ts";
import { type Stack, startStack } from "../../../src/local/stack.ts";
import { makeTempDir } from "../../../src/local/temp-dir.ts";

const MAIN = resolve(import.meta.dirname, "../../../src/local/rehearse/main.ts");
const ADMIN_TOKEN = "the-token-of-this-deployment";
/** Ends a hang. */
const LIMITS = { timeout: 240_000 };

let stack: Stack;
let operator: Client;
const dir = makeTempDir("rehearsal");

beforeAll(async () => {
  const vars = { DEMO_LOGIN: "false", PAYMENTS: "", LOCAL_ONLY: "false", ADMIN_TOKEN };
  stack = await startStack({ stateDir: makeTempDir("deployment"), vars });
  operator = new Client(stack.url, ADMIN_TOKEN);
}, LIMITS.timeout);
afterAll(() => stack.stop());

/** Runs the command. */
async function rehearse(args: string[], env: Record<string, string> = { ADMIN_TOKEN }) {
  const options = { stdio: ["ignore", "pipe", "pipe"] as const, env: { ...process.env, ...env } };
  const child = spawn(process.execPath, [MAIN, ...args], options as never);
  const output = Promise.all([child.stdout, child.stderr].map((stream) => stream?.toArray()));
  const [status] = await once(child, "exit");
  return { status, output: (await output).flat().join("") };
}

const readJson = (path: string) => JSON.parse(readFileSync(path, "utf8")) as Result;
const statusesOf = ({ proofs }: Result) =>
  Object.groupBy(proofs, ({ status }) => status) as Record<string, Result["proofs"]>;

async function salesOf(): Promise<string[]> {
  const { sales } = expectOk(await operator.admin<SaleList>("GET", "/sales"));
  return sales.map(({ id }) => id);
}

test(
  "proves a whole rehearsal with signed buyers, leaves no sale, and logs each grant",
  LIMITS,
  async () => {
    const json = join(dir, "whole.json");
    const { status, output } = await rehearse([
      "--url",
      stack.url,
      "--buyers",
      "40",
      "--bots",
      "0.3",
      "--json",
      json,
    ]);
    const result = readJson(json);
    expect(statusesOf(result).broken).toBeUndefined();
    expect([status, output]).toEqual([0, expect.stringContaining("What to look at")]);
    expect(output).not.toContain(ADMIN_TOKEN);
    expect(result.outcomes["bot: no page visit"]).toMatchObject({
      challenge_required: expect.any(Number),
    });
    const units = "units are sold and refused as if buyers came one after another";
    expect(statusesOf(result).held?.map(({ claim }) => claim)).toContain(units);
    expect(await salesOf()).toEqual([]);
    const { entries } = expectOk(await operator.admin<{ entries: LogEntry[] }>("GET", "/log"));
    const targets = entries
      .filter(({ action }) => action === "rehearsal.granted")
      .map(({ target }) => target);
    expect(targets).toHaveLength(new Set(result.skus.map(({ scenario }) => scenario)).size);
  },
);

test(
  "proves one rush of two machines together, and notices if the evidence of one is missing",
  LIMITS,
  async () => {
    const [a, b, json] = ["a.json", "b.json", "merged.json"].map((name) => join(dir, name)) as [
      string,
      string,
      string,
    ];
    const common = ["--url", stack.url, "--buyers", "60", "--evidence"];
    expect((await rehearse([...common, a])).status).toBe(0);
    const [saleId = ""] = await salesOf();
    expect((await rehearse([...common, b, "--sale", saleId])).status).toBe(0);
    expect(readFileSync(a, "utf8")).not.toContain("rehearsal.rehearsal-");

    const merged = await rehearse(["--merge", a, b, "--json", json], { ADMIN_TOKEN: "" });
    expect(statusesOf(readJson(json)).broken).toBeUndefined();
    expect([merged.status, readJson(json)]).toEqual([0, expect.objectContaining({ buyers: 120 })]);
    // The second one came to a sale without units: what it has is no proof of its own.
    expect((await rehearse(["--merge", b])).status).toBe(0);
    const tampered = join(dir, "tampered.json");
    expect((await rehearse(["--merge", tampered])).status).toBe(2);
  },
);

test("gets nowhere without the operator's token, or with another one", LIMITS, async () => {
  for (const env of [{ ADMIN_TOKEN: "" }, { ADMIN_TOKEN: "another-token-of-somebody" }]) {
    const { status } = await rehearse(["--url", stack.url, "--buyers", "5"], env);
    expect(status).not.toBe(0);
  }
});
