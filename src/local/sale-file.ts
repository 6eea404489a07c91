// The file of a sale, as the preview and setup read it: with the schema of the operator's API, so that its faults show before
// anything is started or deployed.
import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { type Sale, saleDocumentSchema } from "../catalog/schema.ts";
import { type Issue, toIssues } from "../http/errors.ts";
import { parseJson } from "../http/request.ts";
import { refusePrice } from "../payments/price.ts";

/** Leaves out a byte order mark, as the API does. */
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

type Read = { ok: true; sale: Sale } | { ok: false; faults: string[] };

/** One line for each issue: where it is, and what is wrong. */
export const faultsOf = (issues: readonly Issue[]): string[] =>
  issues.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`));

/** Reads a sale from a file, or from stdin if its name is `-`. */
export async function readSale(file: string): Promise<Read> {
  let document: unknown;
  try {
    const bytes = await (file === "-" ? buffer(process.stdin) : readFile(file));
    document = parseJson(UTF8.decode(bytes));
  } catch (error) {
    return { ok: false, faults: [`${file} cannot be read: ${(error as Error).message}`] };
  }
  const parsed = saleDocumentSchema.safeParse(document);
  return parsed.success
    ? { ok: true, sale: parsed.data }
    : { ok: false, faults: faultsOf(toIssues(parsed.error)) };
}

/** The faults in the prices of a sale whose payments Stripe or the sandbox takes. */
export function priceFaults({ skus }: Sale): string[] {
  const issues = skus.flatMap(({ unitPrice, perUserLimit }, n) => {
    const message = refusePrice(unitPrice, perUserLimit);
    return message === undefined ? [] : [{ path: ["skus", n, "unitPrice"], message }];
  });
  return faultsOf(toIssues({ issues }));
}
