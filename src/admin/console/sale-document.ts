// A sale as the texts of a form, and back. Pure. The name of a field is the path of its value in the document, so that an
// issue about a value is one about a field. A text that was not changed leaves the stored value as it is: what the form
// cannot show exactly, and settings that it does not show at all, survive an edit.
import { type Sale, saleDocumentSchema } from "../../catalog/schema.ts";
import { type Issue, toIssues } from "../../http/errors.ts";
import {
  type Json,
  type Kind,
  parse,
  setAt,
  show,
  type Texts,
  toSent,
  valueAt,
} from "./form-texts.ts";
import { productsOf, rowsOfSale, skusOf } from "./sale-rows.ts";

export const FIELDS = {
  id: "text",
  title: "text",
  description: "lines",
  imageUrl: "text",
  "theme.imageAlt": "text",
  opensAt: "time",
  closesAt: "time",
  listed: "truth",
  perUserLimit: "number",
  "admission.mode": "choice",
  "admission.ratePerSecond": "number",
  "admission.registrationOpensAt": "time",
  "admission.registrationClosesAt": "time",
  "protection.challenge.mode": "choice",
} as const satisfies Record<string, Kind>;

/** The values that choices show for absent ones. */
const ABSENT: Texts = {
  ...{ "admission.mode": "open", "protection.challenge.mode": "off" },
  listed: "true",
};

/** The texts that show a sale, or the blank form. */
export function textsOf(sale?: Sale): Texts {
  const fields = Object.entries<Kind>(FIELDS).map(([name, kind]) => {
    const text = show(kind, valueAt(sale, name));
    return [name, text === "" ? (ABSENT[name] ?? "") : text];
  });
  return { ...Object.fromEntries(fields), ...rowsOfSale(sale) };
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
  document.skus = skusOf(texts, base);
  setAt(document, "products", productsOf(texts, base));
  return document;
}

type Parsed = { ok: true; sale: Sale } | { ok: false; issues: Issue[] };

/** Validates a form as the operator's API validates a document. */
export function saleFromTexts(texts: Texts, base?: Sale): Parsed {
  const parsed = saleDocumentSchema.safeParse(documentOf(texts, base));
  if (parsed.success) return { ok: true, sale: parsed.data };
  return { ok: false, issues: toIssues(parsed.error).map(toFieldIssue) };
}

/** Paths of values that are shown by the field of another path. */
const FIELD_OF: [pattern: RegExp, field: string][] = [
  [/\.(unitPrice|compareAtPrice)$/, ".$1.amount"],
  [/\.compareAtPrice\.currency$/, ".compareAtPrice.amount"],
  [/\.moreImages\.\d+(\..+)?$/, ".moreImages"],
];

/** An issue about a value as one about its field, in words for people. */
export function toFieldIssue({ path, message }: Issue): Issue {
  const field = FIELD_OF.reduce((found, [pattern, of]) => found.replace(pattern, of), path);
  const isPrice = field.endsWith(".amount") && message === "must be a number";
  return {
    path: field,
    message: isPrice ? "use a price such as 12.00, with the currency's decimals" : message,
  };
}
