// The sale file of `npm run preview`: read and checked by the schema and the rules of prices that the operator's API has.
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { type Sale, saleDocumentSchema } from "../../catalog/schema.ts";
import { type Issue, toIssues } from "../../http/errors.ts";
import { refusePrice } from "../../payments/price.ts";

type Read = { ok: true; sale: Sale } | { ok: false; faults: string[] };

/** One line for each issue: where it is, and what is wrong. */
export const faultsOf = (issues: readonly Issue[]): string[] =>
  issues.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`));

/** Reads a sale from a file, or from stdin if its name is `-`. */
export async function readSale(file: string): Promise<Read> {
  let document: unknown;
  try {
    document = JSON.parse(await (file === "-" ? text(process.stdin) : readFile(file, "utf8")));
  } catch (error) {
    return { ok: false, faults: [(error as Error).message] };
  }
  const parsed = saleDocumentSchema.safeParse(document);
  const issues = parsed.success ? priceIssues(parsed.data) : parsed.error.issues;
  return parsed.success && issues.length === 0
    ? { ok: true, sale: parsed.data }
    : { ok: false, faults: faultsOf(toIssues({ issues })) };
}

const priceIssues = ({ skus }: Sale) =>
  skus.flatMap(({ unitPrice, perUserLimit }, n) => {
    const message = refusePrice(unitPrice, perUserLimit);
    return message === undefined ? [] : [{ path: ["skus", n, "unitPrice"], message }];
  });
