// What the page shows. Everything is set as text, so that no word of a sale can become markup.

/** @import { Line, Live, LiveSku, Money, Order, Sale, Ticket } from "doorbuster/client" */

/** @param {string} id @returns {HTMLElement} */
export const at = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @param {string} id @param {string} text */
export function write(id, text) {
  // A repeated text would be announced again.
  if (at(id).textContent !== text) at(id).textContent = text;
}

/** @param {Money} money an amount in the minor unit: 9000 USD are $90.00 */
export function moneyText({ amount, currency }) {
  if (amount === 0) return "free";
  const format = new Intl.NumberFormat("en", { style: "currency", currency });
  return format.format(amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}

/** @param {number} ms */
export function durationText(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1_000));
  const [days, hours] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3_600) % 24];
  if (days > 0) return `${days} d ${hours} h`;
  const [minutes, rest] = [Math.floor(seconds / 60) % 60, String(seconds % 60).padStart(2, "0")];
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** @param {LiveSku | undefined} sku */
export function stockText(sku) {
  if (!sku) return "";
  if (sku.state === "sold_out") return "sold out";
  return sku.state === "held" ? "all reserved, some may come back" : `${sku.available} left`;
}

/** Links to the sales. @param {Sale[]} sales */
export function showSales(sales) {
  const links = sales.map(({ id, title }) => {
    const link = document.createElement("a");
    link.href = `/?sale=${encodeURIComponent(id)}`;
    link.textContent = title;
    return link;
  });
  at("sales").replaceChildren(...links);
}

/** One radio button for each SKU, such as a size. @param {Sale} sale */
export function showChoices(sale) {
  write("title", sale.title);
  write("buy", sale.admission.mode === "open" ? "Reserve" : "Join the line");
  const choices = sale.skus.map((sku, index) => {
    const input = document.createElement("input");
    Object.assign(input, { type: "radio", name: "sku", value: sku.id, required: true });
    input.checked = index === 0;
    const text = document.createElement("span");
    text.textContent = `${sku.option ?? sku.name}: ${moneyText(sku.unitPrice)}`;
    const stock = document.createElement("span");
    stock.id = `stock-${sku.id}`;
    const label = document.createElement("label");
    label.append(input, text, stock);
    return label;
  });
  at("choices").append(...choices);
}

/** @param {Live} live */
export function showStock(live) {
  for (const sku of live.skus) {
    if (at(`stock-${sku.id}`)) write(`stock-${sku.id}`, stockText(sku));
  }
}

/** Where a buyer is in the line of a sale. @param {Line} line @param {Ticket} ticket */
export function lineText({ waiting, notice }, { ahead }) {
  const place = ahead === null ? "The places are drawn soon." : `${ahead} were before you.`;
  return `You are in line. ${place} ${waiting} waiting. ${notice ?? ""}`.trim();
}

/** What is to be said about an order. @param {Order} order */
export function orderText({ status, payment, reason, attemptsLeft }) {
  if (status === "confirmed") return "It is yours. Thank you!";
  if (status === "expired") return "Your reservation has ended. Nothing was charged.";
  if (status === "cancelled") return "You gave it back.";
  if (status === "refunded") return "You have your money back.";
  if (payment === "declined") {
    const left =
      attemptsLeft === undefined ? "Try another one." : `${attemptsLeft} more can be tried.`;
    return `The card was declined${reason ? ` (${reason})` : ""}. ${left}`;
  }
  if (payment === "action_required") return "The bank asks you something.";
  return payment ? "Your payment is under way …" : "Reserved for you. Pay before the time is over.";
}

/** What our server heard of by webhook. @param {{ type: string, order: Order }[]} events */
export function showHeard(events) {
  const rows = events.map(({ type, order }) => {
    const row = document.createElement("li");
    row.textContent = `${type}: ${order.item.name}, ${order.number}`;
    return row;
  });
  at("heard").replaceChildren(...rows);
}
