// The console's form of a sale: how it is read, and the draft of a copy of an earlier sale.
import * as z from "zod";
import type { Sale } from "../../catalog/schema.ts";
import { MAX_SALE_BYTES } from "../sales.ts";
import { type Texts, toLocalText } from "./form-texts.ts";
import { FIELDS } from "./sale-document.ts";
import { type List, ROW_FIELDS, replaceRows, rowsOf } from "./sale-rows.ts";

/** The largest document that the operator's API takes, percent-encoded in another script than Latin, and the fields' names. */
export const MAX_SALE_FORM_BYTES = 3 * MAX_SALE_BYTES + 65_536;
const MAX_TEXT = 20_000;

/** The lists of a form. */
const LISTS = Object.keys(ROW_FIELDS) as List[];
const ROW_NAME = /^(products|skus)\.\d{1,2}\.(.+)$/;

function isField(name: string): boolean {
  const [, list, field = ""] = ROW_NAME.exec(name) ?? [];
  return Object.hasOwn(FIELDS, name) || Object.hasOwn(ROW_FIELDS[list as List] ?? {}, field);
}

/** The parts of a form beside the texts of the sale. */
const controls = {
  /** The entity tag of the sale that was shown. Empty: a new sale. */
  etag: z
    .string()
    .regex(/^(?:"\d{1,16}")?$/)
    .default(""),
  /** The id of the sale that a new one was copied from. */
  from: z.string().max(64).default(""),
  reason: z.string().trim().max(500).default(""),
  /** The button that was pressed. `check` and `preview` save nothing. */
  step: z
    .string()
    .regex(/^(?:save|check|preview|add\.(?:products|skus)|remove\.(?:products|skus)\.\d{1,2})$/)
    .default("save"),
};

export interface SaleForm {
  etag: string;
  from: string;
  reason: string;
  step: string;
  /** Rows are numbered without gaps. */
  texts: Texts;
}

export const saleForm = z
  .object(controls)
  .catchall(z.string().max(MAX_TEXT))
  .transform(({ etag, from, reason, step, ...texts }, ctx): SaleForm => {
    for (const name of Object.keys(texts)) {
      if (isField(name)) continue;
      ctx.addIssue({
        code: "custom",
        path: [name.slice(0, 60)],
        message: "is not a field of this form",
      });
    }
    const sent = texts as Texts;
    return { etag, from, reason, step, texts: LISTS.reduce(renumbered, sent) };
  });

const renumbered = (texts: Texts, list: List): Texts =>
  replaceRows(texts, list, rowsOf(texts, list));

const WEEK_MS = 7 * 24 * 3_600_000;

const MAX_ID = 64;

/**
 * The id of a copy that opens at `opensAt` (ISO 8601): `lamp-42` → `lamp-42-20270108`, and `lamp-42-20270101` → the same. A
 * number counted up would often be the id of the next item.
 */
function datedId(id: string, opensAt: string): string {
  const date = `-${opensAt.slice(0, 10).replaceAll("-", "")}`;
  return id.replace(/(?<=.)-\d{8}$/, "").slice(0, MAX_ID - date.length) + date;
}

/**
 * The texts of a copy: new ids, because a SKU belongs to one sale, and all times later by whole weeks, so that the sale opens
 * after `now` (milliseconds) on the same day of the week and at the same time in UTC.
 */
export function copyOf(sale: Sale, shown: Texts, now: number): Texts {
  const since = now - Date.parse(sale.opensAt);
  const shift = Math.max(1, Math.floor(since / WEEK_MS) + 1) * WEEK_MS;
  const later = (iso: string | undefined) => {
    const at = new Date(iso === undefined ? Number.NaN : Date.parse(iso) + shift);
    return Number.isNaN(at.getTime()) ? "" : toLocalText(at.toISOString());
  };
  const line = sale.admission.mode === "open" ? undefined : sale.admission;
  const opensAt = later(sale.opensAt);
  const rows = rowsOf(shown, "skus").map((row) => ({ ...row, id: datedId(row.id ?? "", opensAt) }));
  return {
    ...replaceRows(shown, "skus", rows),
    id: datedId(sale.id, opensAt),
    opensAt,
    closesAt: later(sale.closesAt),
    "admission.registrationOpensAt": later(line?.registrationOpensAt),
    "admission.registrationClosesAt": later(line?.registrationClosesAt),
  };
}
