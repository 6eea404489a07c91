// `npm run verify-draw`: checks a published draw, from an instance or from a saved file. Needs no network for a file.
import { readFile } from "node:fs/promises";
import type { Chain } from "../admission/draw.ts";
import { type DrawQuestion, verifyDraw } from "../admission/verify-draw.ts";
import { parse, UsageError } from "./command-line.ts";

const HELP = `npm run verify-draw -- SOURCE [options]

Checks the draw of a sale: that the seed and the beacon's round were fixed before, that drand signed the round, and that the
line never moved back. SOURCE is the URL of the sale's page, the URL of its /api/sales/{id}/draw, or a file with that
answer, which needs no network.
Exit status: 0 every check holds, 1 at least one does not, 2 bad usage or no document.

  --user ID     also check this person's place, as it was shown to them; needs --place
  --place P     the place, in [0, 1)
  --beacon URL  trust the chain with this address at a relay instead of drand's quicknet. For a local instance, whose
                beacon is a stand-in
  --help        print this text
`;
const LIMIT_MS = 10_000;
const OPTIONS = {
  user: { type: "string" },
  place: { type: "string" },
  beacon: { type: "string" },
  help: { type: "boolean", default: false },
} as const;

/** Checks the draw that the arguments name, prints the result, and returns the exit status. */
export async function runVerifyDraw(
  args: string[],
  print: (line: string) => void,
): Promise<number> {
  try {
    const { values, positionals } = parse({ args, options: OPTIONS, allowPositionals: true });
    if (values.help) {
      print(HELP);
      return 0;
    }
    const [source, ...others] = positionals;
    if (source === undefined || others.length > 0) throw new UsageError("Name one SOURCE.");
    const question = { ...placeIn(values), ...(await chainIn(values)) };
    return await report(await readDocument(source), question, print);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    print(`${error.message} Try --help`);
    return 2;
  }
}

type Values = { [name in "user" | "place" | "beacon"]?: string | undefined };

function placeIn({ user, place }: Values): Pick<DrawQuestion, "userId" | "place"> {
  if (user === undefined && place === undefined) return {};
  const number = Number(place || Number.NaN);
  if (user === undefined || Number.isNaN(number)) {
    throw new UsageError("Give --user and --place together, and the place as a number.");
  }
  return { userId: user, place: number };
}

async function chainIn({ beacon }: Values): Promise<{ chain?: Chain }> {
  if (beacon === undefined) return {};
  const info = (await fetchJson(`${beacon}/info`)) as Record<string, unknown>;
  const { hash, public_key: publicKey, genesis_time: genesisTime, period } = info;
  return { chain: { hash, publicKey, genesisTime, period } as Chain };
}

async function report(
  document: unknown,
  question: DrawQuestion,
  print: (line: string) => void,
): Promise<number> {
  const checks = await verifyDraw(document, question);
  for (const { name, ok, detail } of checks) {
    print(`${ok ? "ok  " : "FAIL"}  ${name.padEnd(10)}  ${detail}`);
  }
  const failed = checks.filter(({ ok }) => !ok).length;
  print(failed === 0 ? "The draw is proven." : `Not proven: ${failed} of ${checks.length} failed.`);
  return failed === 0 ? 0 : 1;
}

async function readDocument(source: string): Promise<unknown> {
  if (/^https?:/.test(source)) return fetchJson(drawUrl(source));
  try {
    return JSON.parse(await readFile(source, "utf8"));
  } catch (error) {
    throw new UsageError(`${source} cannot be read: ${(error as Error).message}.`);
  }
}

/** The URL of the draw, from that of the sale's page or its own. */
function drawUrl(text: string): string {
  const url = URL.parse(text);
  const [, saleId] =
    /^(?:\/api)?\/sales\/([a-z0-9-]+)(?:\/draw)?\/?$/.exec(url?.pathname ?? "") ?? [];
  if (!url || saleId === undefined) throw new UsageError(`${text} is not the URL of a sale.`);
  return `${url.origin}/api/sales/${saleId}/draw`;
}

async function fetchJson(url: string): Promise<unknown> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(LIMIT_MS) });
    if (!response.ok) throw new Error(`status ${response.status}`);
    return await response.json();
  } catch (error) {
    throw new UsageError(`${url} cannot be read: ${(error as Error).message}.`);
  }
}

if (import.meta.main) {
  process.exitCode = await runVerifyDraw(process.argv.slice(2), (line) => console.log(line));
}
