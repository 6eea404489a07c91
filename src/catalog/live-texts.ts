// The texts of a sale in Redis and their meaning: the stock of its SKUs, and its line.
import { lineField } from "../admission/client.ts";
import { type Pass, readPass } from "../admission/pass.ts";
import { type PublishedLine, publishedLineSchema } from "../admission/public-line.ts";
import { type LanedSku, namesOf } from "../inventory/order-id.ts";
import { acrossLanes, type EdgeStock, parseStock } from "./edge-stock.ts";
import type { Texts } from "./poll.ts";

/** A line as the edge holds it. */
export interface EdgeLine extends PublishedLine {
  /** The contents of the pass, read once for all requests. Null if it cannot be read. */
  known: Pass | null;
}

/** A reading: the stock by the names of the objects, which are the SKUs' ids but for lanes. Unknown stocks are missing. */
export interface LiveReading {
  stock: ReadonlyMap<string, EdgeStock>;
  /** Absent if the sale has no line, or the line is not known now. */
  published?: EdgeLine;
}

/** The things to read of a sale: the SKUs, and the line if there is one. */
export interface Subjects {
  saleId: string;
  skus: readonly LanedSku[];
  hasLine: boolean;
}

/** The fields of the poll's hash. */
export const fieldsOf = ({ saleId, skus, hasLine }: Subjects): string[] => [
  ...namesOf(skus),
  ...(hasLine ? [lineField(saleId)] : []),
];

/** The known stocks of SKUs, by the names of their objects. */
export function stockIn(skus: readonly LanedSku[], texts: Texts): Map<string, EdgeStock> {
  const stock = new Map<string, EdgeStock>();
  let at = 0;
  for (const sku of skus) {
    const names = namesOf([sku]);
    const parsed = names.flatMap((_, n) => parseStock(texts[at + n]) ?? []);
    at += names.length;
    // Of a part of the lanes, nobody could say what is left.
    if (parsed.length < names.length) continue;
    const known = acrossLanes(parsed as [EdgeStock, ...EdgeStock[]]);
    for (const [n, one] of known.entries()) stock.set(names[n] as string, one);
  }
  return stock;
}

/** The last texts of a sale with what they mean. Texts that have not changed are not parsed again. */
export class ParsedTexts {
  readonly #subjects: Subjects;
  readonly #lineAt: number;
  #texts: Texts = [];
  #stock: ReadonlyMap<string, EdgeStock> = new Map();
  #published: EdgeLine | undefined;

  constructor(subjects: Subjects) {
    this.#subjects = subjects;
    this.#lineAt = namesOf(subjects.skus).length;
  }

  of(texts: Texts, secret: string): LiveReading {
    const before = this.#texts;
    const { saleId, hasLine } = this.#subjects;
    const lineAt = this.#lineAt;
    if (texts.some((text, at) => at < lineAt && text !== before[at])) {
      this.#stock = stockIn(this.#subjects.skus, texts);
    }
    if (hasLine && texts[lineAt] !== before[lineAt]) {
      const line = parseLine(texts[lineAt]);
      this.#published = line && { ...line, known: readPass(secret, line.pass, saleId) };
    }
    this.#texts = texts;
    return { stock: this.#stock, ...(this.#published && { published: this.#published }) };
  }
}

/** Undefined if the text is not a line. */
export function parseLine(text: string | null | undefined): PublishedLine | undefined {
  try {
    return publishedLineSchema.parse(JSON.parse(text ?? ""));
  } catch {
    return undefined;
  }
}
