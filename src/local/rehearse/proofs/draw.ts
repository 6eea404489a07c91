// The proof about the draw of a line: it is the one that the sale committed to, and every published position is part of it.
import { createHash } from "node:crypto";
import { type DrawDocument, linkText } from "../../../admission/draw.ts";
import type { Evidence } from "../evidence.ts";
import type { LineRecord } from "../line-record.ts";
import { historyOf } from "./frontier.ts";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** What `verifyDraw` found wrong, and what differs from what was published before. */
export function drawFaults({ line }: Evidence): string[] {
  const record = line as LineRecord;
  const { checks, committed, draw } = record;
  const failed = checks.filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${detail}`);
  if (checks.length === 0 || failed.length > 0) return failed;
  const [before, after] = [committed, draw] as [DrawDocument | undefined, DrawDocument];
  return [
    ...(before?.commitment === after.commitment && before.round === after.round
      ? []
      : ["the commitment or the round is not the one published before the close"]),
    ...(before?.revealed ? ["the seed was published before the close"] : []),
    ...strangeHashes(record, after.commitment),
  ];
}

/** Published hashes of the history that its chain does not have. */
function strangeHashes(record: LineRecord, commitment: string): string[] {
  const links = new Set([commitment]);
  let link = commitment;
  for (const step of historyOf(record)) {
    link = sha256(linkText(link, step));
    links.add(link);
  }
  return record.samples
    .filter(({ historyHash }) => !links.has(historyHash))
    .map(({ asOf, historyHash }) => `as of ${asOf} the history had the hash ${historyHash}`);
}
