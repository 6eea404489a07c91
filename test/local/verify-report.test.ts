// `npm run verify-report`: its answer and exit status for saved reports.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CompactSign, exportJWK, generateKeyPair } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runVerifyReport } from "../../src/local/verify-report.ts";

let directory: string;
const at = (name: string) => join(directory, name);

/** The parts of a report that are printed. */
const REPORT = {
  sale: { id: "spring-drop" },
  generatedAt: "2027-03-01T13:00:00.000Z",
  checks: [
    { name: "stock", holds: true, detail: "Fine" },
    { name: "money", holds: "unknown", detail: "One refund is under way" },
  ],
};

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "doorbuster-report-"));
  const { publicKey, privateKey } = await generateKeyPair("EdDSA");
  const payload = new TextEncoder().encode(JSON.stringify(REPORT));
  const jws = await new CompactSign(payload).setProtectedHeader({ alg: "EdDSA" }).sign(privateKey);
  const save = (name: string, value: unknown) => writeFile(at(name), JSON.stringify(value));
  await save("keys.json", { keys: [await exportJWK(publicKey)] });
  await save("good.json", { report: REPORT, jws });
  await save("changed.json", { report: { ...REPORT, checks: [] }, jws });
});
afterAll(() => rm(directory, { recursive: true }));

async function run(...args: string[]) {
  const lines: string[] = [];
  const status = await runVerifyReport(args, (line) => lines.push(line));
  return { status, text: lines.join("\n") };
}

test("prints what a genuine report says", async () => {
  const { status, text } = await run(at("good.json"), at("keys.json"));
  expect(status).toBe(0);
  expect(text).toContain("unknown  money   One refund is under way");
  expect(text).toContain('The report of the sale "spring-drop"');
});

test("fails for a changed report, and prints nothing of it", async () => {
  const { status, text } = await run(at("changed.json"), at("keys.json"));
  expect([status, text]).toEqual([1, "Not proven: it is not the report that was signed."]);
});

test.each([[[]], [["one"]], [["nothing.json", "nothing.json"]]])(
  "explains itself after the arguments %j",
  async (args) => {
    expect((await run(...args)).status).toBe(2);
  },
);
