// `npm run verify-report`: checks the signature of a saved report.
import { readFile } from "node:fs/promises";
import type { JSONWebKeySet } from "jose";
import { verifyReport } from "../admin/report/verify-report.ts";

const HELP = `npm run verify-report -- REPORT KEYS

Checks that the report of a sale is signed and was not changed, and prints what it says. REPORT is a file with the answer of
/api/admin/sales/{id}/audit. KEYS is the URL of the shop's /api/report-keys, or a file with that answer.
Exit status: 0 signed and unchanged, 1 not, 2 bad usage.
`;
const LIMIT_MS = 10_000;

/** Checks the report that the arguments name, prints the result, and returns the exit status. */
export async function runVerifyReport(
  args: string[],
  print: (line: string) => void,
): Promise<number> {
  const [source, keys, ...others] = args;
  if (source === undefined || keys === undefined || others.length > 0) {
    print(HELP);
    return 2;
  }
  let inputs: [unknown, unknown];
  try {
    inputs = [await readJson(source), await readJson(keys)];
  } catch (error) {
    print(`Cannot be read: ${(error as Error).message}`);
    return 2;
  }
  try {
    const { sale, generatedAt, checks } = await verifyReport(inputs[0], inputs[1] as JSONWebKeySet);
    for (const { name, holds, detail } of checks) {
      print(`${String(holds).padEnd(7)}  ${name.padEnd(6)}  ${detail}`);
    }
    print(`The report of the sale "${sale.id}" of ${generatedAt} is signed, and unchanged.`);
    return 0;
  } catch (error) {
    print(`Not proven: ${(error as Error).message}.`);
    return 1;
  }
}

async function readJson(source: string): Promise<unknown> {
  if (!/^https?:/.test(source)) return JSON.parse(await readFile(source, "utf8"));
  const response = await fetch(source, { signal: AbortSignal.timeout(LIMIT_MS) });
  if (!response.ok) throw new Error(`${source}: status ${response.status}`);
  return response.json();
}

if (import.meta.main) {
  process.exitCode = await runVerifyReport(process.argv.slice(2), (line) => console.log(line));
}
