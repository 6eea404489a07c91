// One order on a page: follows it until it is settled, counts its hold down, pays, gives back.
import { type Answer, call, jitter, type Order, pause } from "./api.ts";
import { serverNow } from "./clock.ts";
import { minutes, money } from "./locale.ts";
import { isSettling, needsPayment, wordsFor } from "./words.ts";

/** Most orders settle within a second or two; then patience grows. */
const FIRST_LOOK_MS = 500;
const LAST_LOOK_MS = 8_000;
const GROWTH = 1.6;

/** Fills the panel and keeps it true. `onChange` hears of every new state. */
export function mountOrder(
  panel: HTMLElement,
  first: Order,
  onChange: (order: Order) => void = () => {},
): void {
  const part = <T extends HTMLElement>(name: string) => panel.querySelector<T>(`[data-${name}]`);
  let order = first;
  let following = false;
  let busy = false;

  const tell = (text: string) => {
    const fault = part("order-fault");
    if (fault) fault.textContent = text;
  };

  function show(next: Order): void {
    if (next.version < order.version) return;
    const moved = next.version !== order.version || next === first;
    order = next;
    const { title, text } = wordsFor(order);
    panel.dataset.order = order.id;
    panel.dataset.status = order.status;
    setText(part("order-title"), title);
    setText(part("order-text"), text);
    for (const name of ["hold", "pay", "cancel"]) {
      const element = part(name);
      if (element) element.hidden = !needsPayment(order);
    }
    const total = part("order-total");
    if (total)
      total.textContent = money(order.unitPrice.amount * order.quantity, order.unitPrice.currency);
    part("order-link")?.setAttribute("href", `/orders/${order.id}`);
    part("checkout")?.setAttribute("href", `/orders/${order.id}/checkout`);
    if (moved) onChange(order);
    if (isSettling(order)) void follow();
  }

  const look = async () => {
    const answer = await call<Order>("GET", `/orders/${order.id}`);
    if (answer.ok) show(answer.body);
    return answer;
  };

  async function follow(): Promise<void> {
    if (following) return;
    following = true;
    for (let wait = FIRST_LOOK_MS; isSettling(order) && panel.isConnected; wait *= GROWTH) {
      await pause(Math.min(wait, LAST_LOOK_MS) + jitter(FIRST_LOOK_MS));
      const { retryAfter } = await look();
      if (retryAfter) await pause(retryAfter * 1_000);
    }
    following = false;
  }

  function tick(): void {
    if (!panel.isConnected) return;
    if (needsPayment(order)) {
      // Rounded down: our idea of the server's clock may be late, and a hold must not look longer than it is.
      const left = Math.floor((Date.parse(order.expiresAt) - serverNow()) / 1_000);
      setText(part("hold"), left > 0 ? `Held for you for ${minutes(left)}` : "The hold has ended");
      if (left <= 0 && !busy && left % 5 === 0) void look();
    }
    setTimeout(tick, 1_000);
  }

  async function act(request: Promise<Answer<Order>>): Promise<void> {
    if (busy) return;
    busy = true;
    panel.setAttribute("aria-busy", "true");
    tell("");
    const answer = await request;
    busy = false;
    panel.removeAttribute("aria-busy");
    if (answer.ok) {
      show(answer.body);
      part("order-title")?.focus();
      return;
    }
    tell(faultText(answer));
    if (answer.status === 409) await look();
  }

  part<HTMLFormElement>("pay")?.addEventListener("submit", (event) => {
    event.preventDefault();
    const paymentToken = new FormData(event.target as HTMLFormElement).get("paymentToken");
    if (!busy) void act(call("POST", `/orders/${order.id}/payment`, { body: { paymentToken } }));
  });
  part("cancel")?.addEventListener("submit", (event) => {
    event.preventDefault();
    part<HTMLDialogElement>("sure")?.showModal();
  });
  part<HTMLDialogElement>("sure")?.addEventListener("close", ({ target }) => {
    const dialog = target as HTMLDialogElement;
    if (dialog.returnValue === "give" && !busy) void act(call("DELETE", `/orders/${order.id}`));
    dialog.returnValue = "";
  });
  show(first);
  tick();
}

function setText(element: Element | null, text: string): void {
  if (element && element.textContent !== text) element.textContent = text;
}

function faultText({ status, retryAfter, body }: Answer<Order>): string {
  if (status === 0) return "No connection. Your item is still held; please try again.";
  if (status === 429 || status === 503) return `Very busy. Try again in ${retryAfter || 1} s.`;
  return body.title ?? "That did not work. Please try again.";
}
