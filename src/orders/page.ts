// A page of somebody's orders: what Redis has, made complete by as few ledgers as possible. Pure: which
// ledgers to ask, and what the page is once they answered.
import * as z from "zod";
import type { Order } from "../inventory/order.ts";
import { parseOrderId } from "../inventory/order-id.ts";
import { type Mark, mayBecomeOrder } from "../redis/under-way.ts";
import type { StoredOrder } from "./read-model.ts";

const PAGE_SIZE = 50;
/** Ledgers asked for one page at most. */
const MAX_LEDGERS_READ = 50;

/** Where a page ends: its oldest order. */
export type Position = Pick<Order, "createdAt" | "id">;

/** What Redis has of a user. */
export interface Mine {
  stored: StoredOrder[];
  marks: Mark[];
  /** Whether Redis may lack orders that are not marked: it was emptied and is not filled again. */
  incomplete: boolean;
}

/** What one SKU's ledger has of a user; undefined when it did not answer. */
export type Answers = ReadonlyMap<string, Order[] | undefined>;

/** Newest first. Ids break ties, so that every order has one place. */
const newestFirst = (a: Position, b: Position): number =>
  b.createdAt.localeCompare(a.createdAt) || b.id.localeCompare(a.id);

const skuOf = (orderId: string): string[] => {
  const address = parseOrderId(orderId);
  return address ? [address.skuId] : [];
};

/** Marks of orders that Redis does not have. */
const openMarks = ({ stored, marks }: Mine): Mark[] => {
  const known = new Set(stored.flatMap(({ id, order }) => (order ? [id] : [])));
  return marks.filter(({ orderId }) => !known.has(orderId));
};

function readable(stored: readonly StoredOrder[], after: Position | null): Order[] {
  return stored
    .flatMap(({ order }) => (order && (!after || newestFirst(after, order) < 0) ? [order] : []))
    .sort(newestFirst);
}

/**
 * The SKUs whose ledgers must be asked for a page: of attempts that Redis has no order of, the latest first; of
 * orders it cannot read; and of those on the page that are still to change.
 */
export function ledgersToRead(mine: Mine, after: Position | null): string[] {
  const marked = openMarks(mine).sort((a, b) => b.at - a.at);
  const page = readable(mine.stored, after).slice(0, PAGE_SIZE);
  const ids = [
    ...marked.map(({ orderId }) => orderId),
    ...mine.stored.filter(({ order }) => !order).map(({ id }) => id),
    ...page.filter(({ status }) => status === "reserved").map(({ id }) => id),
  ];
  return [...new Set(ids.flatMap(skuOf))].slice(0, MAX_LEDGERS_READ);
}

/** A page, and what there is to put right in Redis. */
export interface Page {
  orders: Order[];
  /** Set when there are older orders. */
  next: Position | undefined;
  /** Whether orders may be missing. */
  incomplete: boolean;
  /** Marks of attempts that made no order. */
  settled: Mark[];
  /** Texts nobody can read, with what the ledger has in their place. */
  unreadable: { stored: StoredOrder; order: Order | null }[];
}

/** The page, from what Redis has and what the ledgers said; of two states of an order the newer. */
export function toPage(mine: Mine, answers: Answers, after: Position | null, now: number): Page {
  const said = new Map<string, Order>();
  for (const order of [...answers.values()].flatMap((orders) => orders ?? [])) {
    said.set(order.id, order);
  }
  const answered = (id: string) => skuOf(id).every((skuId) => answers.get(skuId) !== undefined);
  const open = openMarks(mine);
  const bad = mine.stored.filter(({ order }) => !order);
  const merged = new Map(said);
  for (const { id, order } of mine.stored) {
    if (order && order.version > (said.get(id)?.version ?? 0)) merged.set(id, order);
  }
  const all = [...merged.values()]
    .filter((order) => !after || newestFirst(after, order) < 0)
    .sort(newestFirst);
  const orders = all.slice(0, PAGE_SIZE);
  return {
    orders,
    next: all.length > PAGE_SIZE ? orders.at(-1) : undefined,
    incomplete:
      mine.incomplete ||
      [...open.map(({ orderId }) => orderId), ...bad.map(({ id }) => id)].some(
        (id) => !answered(id),
      ),
    settled: open.filter(
      (mark) => answered(mark.orderId) && !said.has(mark.orderId) && !mayBecomeOrder(mark, now),
    ),
    unreadable: bad
      .filter(({ id }) => answered(id))
      .map((stored) => ({ stored, order: said.get(stored.id) ?? null })),
  };
}

const cursorSchema = z.tuple([z.iso.datetime(), z.string().max(128)]);

/** Base64url of the last order on a page. */
export const encodePosition = ({ createdAt, id }: Position): string =>
  btoa(JSON.stringify([createdAt, id]))
    .replaceAll("+", "-")
    .replaceAll("/", "_");

/** Null for the first page, undefined when the text is no cursor. */
export function decodePosition(text: string | undefined): Position | null | undefined {
  if (text === undefined) return null;
  try {
    const json = JSON.parse(atob(text.replaceAll("-", "+").replaceAll("_", "/")));
    const [createdAt, id] = cursorSchema.parse(json);
    return { createdAt, id };
  } catch {
    return undefined;
  }
}
