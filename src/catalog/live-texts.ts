// The texts of a sale in Redis and their meaning: the stock of its SKUs, and its line.
import { lineField } from "../admission/client.ts";
import { type Pass, readPass } from "../admission/pass.ts";
import { type PublishedLine, publishedLineSchema } from "../admission/public-line.ts";
import { type EdgeStock, parseStock } from "./edge-stock.ts";
import type { Texts } from "./poll.ts";

/** A line as the edge holds it. */
export interface EdgeLine extends PublishedLine {
  /** The contents of the pass, read once for all requests. Null if it cannot be read. */
  known: Pass | null;
}

/** A reading. SKUs whose stock is unknown are missing. */
export interface LiveReading {
  stock: ReadonlyMap<string, EdgeStock>;
  /** Absent if the sale has no line, or the line is not known now. */
  published?: EdgeLine;
}

/** The things to read of a sale: the SKUs, and the line if there is one. */
export interface Subjects {
  saleId: string;
  skuIds: string[];
  hasLine: boolean;
}

/** The fields of the poll's hash. */
export const fieldsOf = ({ saleId, skuIds, hasLine }: Subjects): string[] =>
  hasLine ? [...skuIds, lineField(saleId)] : skuIds;

/** The known stocks of SKUs. */
export function stockIn(
  { skuIds }: Pick<Subjects, "skuIds">,
  texts: Texts,
): Map<string, EdgeStock> {
  const stock = new Map<string, EdgeStock>();
  for (const [index, id] of skuIds.entries()) {
    const parsed = parseStock(texts[index]);
    if (parsed) stock.set(id, parsed);
  }
  return stock;
}

/** The last texts of a sale with what they mean. Texts that have not changed are not parsed again. */
export class ParsedTexts {
  readonly #subjects: Subjects;
  #texts: Texts = [];
  #stock: ReadonlyMap<string, EdgeStock> = new Map();
  #published: EdgeLine | undefined;

  constructor(subjects: Subjects) {
    this.#subjects = subjects;
  }

  of(texts: Texts, secret: string): LiveReading {
    const before = this.#texts;
    const { saleId, skuIds, hasLine } = this.#subjects;
    const lineAt = skuIds.length;
    if (skuIds.some((_, at) => texts[at] !== before[at])) {
      this.#stock = stockIn(this.#subjects, texts);
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
