// A sale as the texts of a form, and back. Pure. The name of a field is the path of its value in the document, so that an
// issue about a value is one about a field. A text that was not changed leaves the stored value as it is: what the form
// cannot show exactly, and settings that it does not show at all, survive an edit.
import { type Sale, type Sku, saleDocumentSchema } from "../../catalog/schema.ts";
import { type Issue, toIssues } from "../../errors.ts";
import { fromDecimal, toDecimal } from "../../money.ts";

/** `lines`: a text of several lines. `time`: `2026-11-27T09:00`, in UTC. `choice`: one of a list. */
type Kind = "text" | "lines" | "number" | "time" | "choice";

export const FIELDS = {
  id: "text",
  title: "text",
  description: "lines",
  imageUrl: "text",
  "theme.imageAlt": "text",
  opensAt: "time",
  closesAt: "time",
  "admission.mode": "choice",
  "admission.ratePerSecond": "number",
  "admission.registrationOpensAt": "time",
  "admission.registrationClosesAt": "time",
  "protection.challenge.mode": "choice",
} as const satisfies Record<string, Kind>;

/** The fields of one SKU, below `skus.0`. */
export const SKU_FIELDS = [
  "id",
  "name",
  "unitPrice.amount",
  "unitPrice.currency",
  "stock",
  "perUserLimit",
  "holdSeconds",
] as const;

/** The texts of a form by the names of its fields. */
export type Texts = Record<string, string>;

/** The values that choices show for absent ones. */
const ABSENT: Texts = { "admission.mode": "open", "protection.challenge.mode": "off" };

type Json = Record<string, unknown>;

/** The value at a path such as `admission.mode`. */
const valueAt = (document: unknown, path: string): unknown =>
  path.split(".").reduce<unknown>((value, key) => (value as Json | undefined)?.[key], document);

/** Sets or, if it is undefined, removes the value at a path. */
function setAt(document: Json, path: string, value: unknown): void {
  const keys = path.split(".");
  const last = keys.pop() as string;
  let parent = document;
  for (const key of keys) {
    if (parent[key] === undefined && value === undefined) return;
    parent[key] ??= {};
    parent = parent[key] as Json;
  }
  if (value === undefined) delete parent[last];
  else parent[last] = value;
}

/** An instant in UTC as a field for date and time takes it, without seconds that are zero. */
export const toLocalText = (iso: string): string => iso.slice(0, -1).replace(/(:00)?\.000$/, "");

function show(kind: Kind, value: unknown): string {
  if (value === undefined) return "";
  return kind === "time" ? toLocalText(String(value)) : String(value);
}

const SECONDS = /T\d\d:\d\d$/;
const WITHOUT_ZONE = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?$/;
const NUMBER = /^-?\d+(\.\d+)?$/;

/** The value of a text. A text that is no number or time stays a text, and the schema refuses it. */
function parse(kind: Kind, text: string): unknown {
  const trimmed = text.trim();
  if (trimmed === "") return undefined;
  if (kind === "number") return NUMBER.test(trimmed) ? Number(trimmed) : trimmed;
  if (kind !== "time") return text;
  if (!WITHOUT_ZONE.test(trimmed)) return trimmed;
  return `${trimmed}${SECONDS.test(trimmed) ? ":00" : ""}Z`;
}

/** Browsers send a line break as CR LF, and remove it from a field of one line. */
const toSent = (kind: Kind, text: string): string =>
  kind === "lines" ? text.replace(/\r\n?/g, "\n") : text.replace(/[\r\n]/g, "");

/** The texts that show a sale, or the blank form. */
export function textsOf(sale?: Sale): Texts {
  const fields = Object.entries<Kind>(FIELDS).map(([name, kind]) => {
    const text = show(kind, valueAt(sale, name));
    return [name, text === "" ? (ABSENT[name] ?? "") : text];
  });
  const skus = sale ? sale.skus.map(skuTexts) : [BLANK_SKU];
  return { ...Object.fromEntries(fields), ...withRows(skus) };
}

const skuTexts = ({ unitPrice, ...sku }: Sku): Texts => ({
  ...{ id: sku.id, name: sku.name, stock: String(sku.stock) },
  ...{ perUserLimit: String(sku.perUserLimit), holdSeconds: String(sku.holdSeconds) },
  ...{ "unitPrice.amount": toDecimal(unitPrice), "unitPrice.currency": unitPrice.currency },
});

const BLANK_SKU: Texts = {
  ...{ id: "", name: "", stock: "", perUserLimit: "1", holdSeconds: "300" },
  ...{ "unitPrice.amount": "", "unitPrice.currency": "USD" },
};

const withRows = (rows: readonly Texts[]): Texts =>
  Object.fromEntries(
    rows.flatMap((row, at) => SKU_FIELDS.map((name) => [`skus.${at}.${name}`, row[name] ?? ""])),
  );

/** The texts of each SKU, in the order of their numbers, which may have gaps. */
export function rowsOf(texts: Texts): Texts[] {
  const numbers = Object.keys(texts).flatMap((name) => /^skus\.(\d+)\./.exec(name)?.[1] ?? []);
  const ordered = [...new Set(numbers)].sort((a, b) => Number(a) - Number(b));
  return ordered.map((at) =>
    Object.fromEntries(SKU_FIELDS.map((name) => [name, texts[`skus.${at}.${name}`] ?? ""])),
  );
}

/** The texts with other SKUs, numbered without gaps. */
export function replaceRows(texts: Texts, rows: readonly Texts[]): Texts {
  const others = Object.entries(texts).filter(([name]) => !name.startsWith("skus."));
  return { ...Object.fromEntries(others), ...withRows(rows) };
}

/** The texts with one more SKU: like the last one, but without what is its own. */
export function addRow(texts: Texts): Texts {
  const rows = rowsOf(texts);
  return replaceRows(texts, [...rows, { ...(rows.at(-1) ?? BLANK_SKU), id: "", name: "" }]);
}

/** The document that a form describes, not validated yet. `base`: the sale that the form showed at first. */
export function documentOf(texts: Texts, base?: Sale): unknown {
  const shown = textsOf(base);
  const document: Json = structuredClone(base ?? {}) as Json;
  for (const [name, kind] of Object.entries<Kind>(FIELDS)) {
    const text = toSent(kind, texts[name] ?? "");
    if (text !== toSent(kind, shown[name] ?? "")) setAt(document, name, parse(kind, text));
  }
  if (valueAt(document, "admission.mode") === "open") document.admission = { mode: "open" };
  document.skus = rowsOf(texts).map((row) => skuOf(row, base));
  return document;
}

function skuOf(row: Texts, base: Sale | undefined): unknown {
  const stored = base?.skus.find(({ id }) => id === row.id);
  const shown: Texts = stored ? skuTexts(stored) : {};
  const isSame = ([name, text]: [string, string]) => text === toSent("text", shown[name] ?? "");
  if (stored && Object.entries(row).every(isSame)) return stored;
  const currency = parse("text", row["unitPrice.currency"] ?? "");
  const amount = row["unitPrice.amount"] ?? "";
  const price = amount.trim() === "" ? undefined : amount;
  return {
    ...stored,
    id: row.id,
    name: row.name,
    unitPrice: { amount: price && (fromDecimal(price, String(currency)) ?? price), currency },
    ...Object.fromEntries(
      (["stock", "perUserLimit", "holdSeconds"] as const).map((name) => [
        name,
        parse("number", row[name] ?? ""),
      ]),
    ),
  };
}

type Parsed = { ok: true; sale: Sale } | { ok: false; issues: Issue[] };

/** Validates a form as the operator's API validates a document. */
export function saleFromTexts(texts: Texts, base?: Sale): Parsed {
  const parsed = saleDocumentSchema.safeParse(documentOf(texts, base));
  if (parsed.success) return { ok: true, sale: parsed.data };
  return { ok: false, issues: toIssues(parsed.error).map(toFieldIssue) };
}

const WORDS: [pattern: RegExp, message: string][] = [
  [/received undefined$|expected string to have >=1 /, "is required"],
  [/expected int, received/, "is not a whole number"],
  [/expected number, received/, "is not a number"],
  [/^Invalid ISO datetime/, "is not a date and time"],
];

/** An issue about a value as one about its field, in words for people. */
export function toFieldIssue({ path, message }: Issue): Issue {
  const field = path.endsWith(".unitPrice") ? `${path}.amount` : path;
  const words = WORDS.find(([pattern]) => pattern.test(message))?.[1] ?? message;
  const isPrice = field.endsWith(".amount") && words === "is not a number";
  return {
    path: field,
    message: isPrice ? "use a price such as 12.00, with the currency's decimals" : words,
  };
}
