// A page of a user's orders: what Redis has, completed from as few ledgers as possible. Pure: decides which ledgers
// to read, and what the page is after they answered.
import { decodeBase64Url, encodeBase64Url } from "hono/utils/encode";
import * as z from "zod";
import type { Order } from "../inventory/order.ts";
import { parseOrderId } from "../inventory/order-id.ts";
import { type Mark, mayBecomeOrder } from "../redis/under-way.ts";
import type { StoredOrder } from "./read-model.ts";

const PAGE_SIZE = 50;
/** Most ledgers read for one page. */
const MAX_LEDGERS_READ = 50;

/** The last order of a page. */
export type Position = Pick<Order, "createdAt" | "id">;

/** What Redis has of a user. */
export interface Mine {
  stored: StoredOrder[];
  marks: Mark[];
  /** Whether Redis may lack unmarked orders, because it was emptied and is not refilled yet. */
  incomplete: boolean;
}

/** A user's orders by SKU. Undefined if the ledger did not answer. */
export type Answers = ReadonlyMap<string, Order[] | undefined>;

/** Newest first. Ids break ties, so that every order has a fixed place. */
const newestFirst = (a: Position, b: Position): number =>
  b.createdAt.localeCompare(a.createdAt) || b.id.localeCompare(a.id);

const skuOf = (orderId: string): string[] => {
  const address = parseOrderId(orderId);
  return address ? [address.skuId] : [];
};

/** The marks of orders that Redis does not have. */
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
 * The SKUs whose ledgers a page needs: those of marked attempts without an order in Redis, latest first, of orders
 * that cannot be read, and of reserved orders on the page.
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

/** A page, and what must be repaired in Redis. */
export interface Page {
  orders: Order[];
  /** Set if there are older orders. */
  next: Position | undefined;
  /** Whether orders may be missing. */
  incomplete: boolean;
  /** Marks of attempts that made no order. */
  obsoleteMarks: Mark[];
  /** Orders whose text cannot be read, with what the ledger has instead. */
  unreadable: { stored: StoredOrder; order: Order | null }[];
}

/** Merges what Redis has with the answers of the ledgers. The newer state of an order wins. */
export function toPage(mine: Mine, answers: Answers, after: Position | null, now: number): Page {
  const fromLedgers = new Map<string, Order>();
  for (const order of [...answers.values()].flatMap((orders) => orders ?? [])) {
    fromLedgers.set(order.id, order);
  }
  const answered = (id: string) => skuOf(id).every((skuId) => answers.get(skuId) !== undefined);
  const open = openMarks(mine);
  const bad = mine.stored.filter(({ order }) => !order);
  const merged = new Map(fromLedgers);
  for (const { id, order } of mine.stored) {
    if (order && order.version > (fromLedgers.get(id)?.version ?? 0)) merged.set(id, order);
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
    obsoleteMarks: open.filter(
      (mark) =>
        answered(mark.orderId) && !fromLedgers.has(mark.orderId) && !mayBecomeOrder(mark, now),
    ),
    unreadable: bad
      .filter(({ id }) => answered(id))
      .map((stored) => ({ stored, order: fromLedgers.get(stored.id) ?? null })),
  };
}

const cursorSchema = z.tuple([z.iso.datetime(), z.string().max(128)]);

/** The cursor after an order. */
export const encodePosition = ({ createdAt, id }: Position): string =>
  encodeBase64Url(new TextEncoder().encode(JSON.stringify([createdAt, id])).buffer);

/** Null for the first page. Undefined if the text is not a cursor. */
export function decodePosition(text: string | undefined): Position | null | undefined {
  if (text === undefined) return null;
  try {
    const json = JSON.parse(new TextDecoder().decode(decodeBase64Url(text)));
    const [createdAt, id] = cursorSchema.parse(json);
    return { createdAt, id };
  } catch {
    return undefined;
  }
}
