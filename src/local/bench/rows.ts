// The rows of the benchmark, in the order in which they run and are printed. To add a row, add an object to one of
// these lists; `Row` in row.ts documents its fields.
import { LINE_ROWS } from "./line-rows.ts";
import { ORDER_ROWS } from "./order-rows.ts";
import { PAGE_ROWS } from "./page-rows.ts";
import { REFUSAL_ROWS } from "./refusal-rows.ts";
import type { Row } from "./row.ts";

export const ROWS: Row[] = [...PAGE_ROWS, ...REFUSAL_ROWS, ...ORDER_ROWS, ...LINE_ROWS];
