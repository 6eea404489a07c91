// What `<doorbuster-buy>` shows. Pure.
import type { Live, LiveSku, Money, Order } from "../api.gen.ts";
import { durationText, fill, type Words } from "./words.ts";

/** What the element knows. Undefined: not yet. */
export interface Known {
  live: Live | undefined;
  skuId: string;
  order: Order | undefined;
  isBusy: boolean;
  /** The last refusal, or why the buyer waits. */
  message: string;
  /** The server's time in milliseconds. */
  now: number;
}

export interface Shown {
  price: Money | undefined;
  stock: string;
  /** Changes every second, so no screen reader announces it. */
  clock: string;
  message: string;
  canBuy: boolean;
  canPay: boolean;
}

const secondsUntil = (time: string, now: number) => Math.ceil((Date.parse(time) - now) / 1_000);

export function shown(known: Known, words: Words): Shown {
  const { live, skuId, order, isBusy, message, now } = known;
  const sku = live?.skus.find(({ id }) => id === skuId);
  const opensIn = live && live.state !== "closed" ? secondsUntil(live.opensAt, now) : 0;
  const isOpen = live !== undefined && opensIn <= 0 && now < Date.parse(live.closesAt);
  const isStopped = live?.stopped?.[skuId] !== undefined;
  const offer = { price: sku?.unitPrice, stock: stockText(sku, words) };
  if (order && !isOver(order)) return { ...offer, ...orderShown(order, now, words), canBuy: false };
  const closed = live && !isOpen && opensIn <= 0 ? words.closed : "";
  const missing = live && !sku ? words.unknown : "";
  const state = closed || (isStopped ? words.stopped : missing);
  return {
    ...offer,
    clock: opensIn > 0 ? fill(words.soon, durationText(opensIn)) : "",
    message: message || state || (order ? words.ended : ""),
    canBuy: isOpen && !isStopped && !isBusy && hasFreeUnits(sku),
    canPay: false,
  };
}

/** Whether an order gave its units back, so that the buyer may buy again. */
const isOver = ({ status }: Order) => status !== "reserved" && status !== "confirmed";

const hasFreeUnits = (sku: LiveSku | undefined) =>
  sku !== undefined && sku.state !== "sold_out" && sku.state !== "held";

function stockText(sku: LiveSku | undefined, words: Words): string {
  if (!sku) return "";
  if (sku.state === "sold_out") return words.soldOut;
  return sku.state === "held" ? words.held : fill(words.left, sku.available);
}

const MONEY_IS_SAFE: readonly (string | undefined)[] = ["due", "processing", "charged"];

function orderShown({ status, payment, total, expiresAt }: Order, now: number, words: Words) {
  if (status === "confirmed") return { clock: "", message: words.bought, canPay: false };
  const left = secondsUntil(expiresAt, now);
  if (left <= 0) return { clock: "", message: words.ended, canPay: false };
  if (total.amount === 0 || MONEY_IS_SAFE.includes(payment)) {
    return { clock: "", message: words.wait, canPay: false };
  }
  return { clock: fill(words.reserved, durationText(left)), message: "", canPay: true };
}
