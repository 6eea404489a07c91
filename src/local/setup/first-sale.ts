// The first sale of a deployment: the operator's own file, or a free sample that opens in a week.
import type { Issue } from "../../http/errors.ts";
import { Client, type SaleInput } from "../client.ts";
import { faultsOf, readSale } from "../sale-file.ts";
import { SetupError } from "./error.ts";

const DAY_MS = 86_400_000;
const CREATED = 201;

/** What someone may choose of the sample. `opensAt` in milliseconds since 1970. */
export interface SampleChoice {
  title?: string | undefined;
  opensAt?: number | undefined;
}

export const SAMPLE_TITLE = "Our first drop";

/** A sample that nobody can buy from by accident: it is free, and opens in a week. `now` in milliseconds since 1970. */
export const sampleSale = (
  now: number,
  { title = SAMPLE_TITLE, opensAt = now + 7 * DAY_MS }: SampleChoice = {},
): SaleInput => ({
  id: "first-drop",
  title,
  description: "A sample sale. Edit it, or delete it, in the console.",
  opensAt: new Date(opensAt).toISOString(),
  closesAt: new Date(opensAt + DAY_MS).toISOString(),
  admission: { mode: "open" },
  skus: [
    {
      ...{ id: "first-pass", name: "Sample pass", unitPrice: { amount: 0, currency: "USD" } },
      ...{ stock: 100, perUserLimit: 1, holdSeconds: 300 },
    },
  ],
});

/** Reads a sale from a file. @throws {SetupError} with what is wrong with it */
export async function saleFrom(file: string): Promise<SaleInput> {
  const read = await readSale(file);
  if (read.ok) return read.sale;
  throw new SetupError(`The sale of --sale is not valid:\n${listOf(read.faults)}`);
}

interface SaleList {
  sales: { id: string }[];
}

/** Ids of the first sales of a deployment, or undefined if the token is not its ADMIN_TOKEN. */
export async function salesOf(origin: string, adminToken: string): Promise<string[] | undefined> {
  const answer = await new Client(origin, adminToken).admin<SaleList>("GET", "/sales");
  if (answer.status === 401) return undefined;
  if (answer.status !== 200) throw refusal(answer);
  return answer.body.sales.map(({ id }) => id);
}

/** Puts a sale up, unless one with its id exists. @throws {SetupError} with what is wrong with the sale */
export async function putUp(origin: string, adminToken: string, sale: SaleInput): Promise<void> {
  const absent = { "if-none-match": "*" };
  const path = `/sales/${encodeURIComponent(sale.id)}`;
  const answer = await new Client(origin, adminToken).admin("PUT", path, sale, absent);
  if (answer.status !== 200 && answer.status !== CREATED && answer.status !== 412)
    throw refusal(answer);
}

interface Problem {
  detail?: string;
  issues?: Issue[];
}

function refusal({ status, body }: { status: number; body: unknown }): SetupError {
  const { detail = "", issues } = Object(body) as Problem;
  const faults = issues ? faultsOf(issues) : [detail];
  return new SetupError(
    `The deployment refused the first sale (${status}):\n${listOf(faults)}\nCorrect it and run setup again, or use --no-sale.`,
  );
}

const listOf = (faults: readonly string[]): string =>
  faults.map((fault) => `- ${fault}`).join("\n");
