// One order on a page: shows it, follows it until it is settled, counts its hold down.
import type { Order } from "../../inventory/order.ts";
import { isAlive, isSettling, needsPayment, wordsFor } from "../copy/order.ts";
import { type Answer, call } from "./api.ts";
import { jitter, pause, untilSeen } from "./delay.ts";
import { part, setAll, setText } from "./dom.ts";
import { holdPhase, holdSaid, secondsLeft, shareLeft } from "./hold-countdown.ts";
import { formatClock, money, spell } from "./locale.ts";
import { type ActionTarget, mountActions } from "./order-actions.ts";
import { dock } from "./pay-bar.ts";
import { onReturn } from "./resume.ts";
import { isClockKnown, observe, serverNow } from "./server-clock.ts";
import { onNews, onSession, tellTabs } from "./tab-channel.ts";

/** Most orders settle within a second or two; then patience grows. */
const FIRST_LOOK_MS = 500;
const LAST_LOOK_MS = 30_000;
const GROWTH = 1.6;
/** The holds of a sale's first second end together: their looks are spread. */
const SPREAD_MS = 4_000;
/** Some time before the end, the clock and the order are compared with the server's once more. */
const CHECK_SECONDS = 15;

const HOLD_OVER = "Your reservation has expired. We're checking your order.";

/** What the page around a panel hears. */
export interface OrderHooks {
  /** Every new state of the order. */
  onChange(order: Order): void;
  /** The order is not this visitor's to see any more. */
  onLeave(signedOut: boolean): void;
}

class OrderPanel implements ActionTarget {
  readonly root: HTMLElement;
  order: Order;
  readonly #hooks: OrderHooks;
  #following = false;
  #left = Number.POSITIVE_INFINITY;
  #checkAt = CHECK_SECONDS + jitter(CHECK_SECONDS);

  constructor(root: HTMLElement, order: Order, hooks: OrderHooks) {
    this.root = root;
    this.order = order;
    this.#hooks = hooks;
    observe(Date.parse(order.createdAt));
  }

  mount(): void {
    this.paint();
    onNews(({ orderId, version }) => {
      const isOurs = this.root.isConnected && orderId === this.order.id;
      if (isOurs && version > this.order.version) void this.look();
    });
    onReturn(async (slept) => {
      if (!this.root.isConnected) return;
      if (slept) this.#tick();
      await this.#check();
      void this.#follow();
    });
    onSession(() => void this.#check());
    mountActions(this);
    const timer = setInterval(() => {
      this.#tick();
      if (!this.root.isConnected) clearInterval(timer);
    }, 1_000);
  }

  /** Asks how the order is. */
  async look(): Promise<Answer<Order>> {
    const answer = await call<Order>("GET", `/orders/${this.order.id}`);
    if (answer.ok) this.show(answer.body);
    return answer;
  }

  /** Looks whether the order is still the visitor's to see; while it is acted upon, that finds out. */
  async #check(): Promise<void> {
    await pause(jitter(FIRST_LOOK_MS));
    if (!this.root.isConnected || this.root.dataset.busy) return;
    const { status } = await this.look();
    if (this.root.dataset.busy) return;
    if (status === 401 || status === 404) this.leave(status === 401);
  }

  /** Nothing of this order stays on the page: the session is another person's, or nobody's. */
  leave(signedOut: boolean): void {
    if (!this.root.isConnected) return;
    this.root.remove();
    this.#tick();
    this.#hooks.onLeave(signedOut);
  }

  /** Shows a newer version of the order. */
  show(next: Order): void {
    if (next.version <= this.order.version) return;
    this.order = next;
    this.paint();
    tellTabs({ skuId: next.skuId, orderId: next.id, version: next.version });
  }

  paint(): void {
    const { root, order } = this;
    const { title, text } = wordsFor(order);
    const { amount, currency } = order.unitPrice;
    setAll(root, "order-name", order.item.name);
    root.dataset.order = order.id;
    root.dataset.status = order.status;
    root.dataset.payment = order.payment ?? "";
    setText(part(root, "order-title"), title);
    if (root.dataset.initial) document.title = `${title}: ${order.item.name}`;
    setText(part(root, "order-text"), text);
    const each = amount ? `${order.quantity} × ${money(amount, currency)}` : "";
    setText(part(root, "order-each"), each || `Quantity ${order.quantity}`);
    setAll(root, "order-total", money(order.total.amount, currency));
    setText(part(root, "hold-until"), `Reserved until ${formatClock(order.expiresAt)}`);
    for (const name of ["hold", "pay", "cancel"]) {
      const element = part(root, name);
      if (element) element.hidden = !needsPayment(order);
    }
    part(root, "again")?.toggleAttribute("hidden", isAlive(order));
    part(root, "order-link")?.setAttribute("href", `/orders/${order.id}`);
    part(root, "checkout")?.setAttribute("href", `/orders/${order.id}/checkout`);
    this.#tick();
    this.#hooks.onChange(order);
    void this.#follow();
  }

  /** Whether the next change comes by itself, or the time is lost: then the page must find out. */
  #isDue = () =>
    isSettling(this.order) || (needsPayment(this.order) && (this.#left <= 0 || !isClockKnown()));

  async #follow(): Promise<void> {
    if (this.#following) return;
    this.#following = true;
    if (needsPayment(this.order) && this.#isDue()) await pause(jitter(SPREAD_MS));
    for (let wait = FIRST_LOOK_MS; this.#isDue() && this.root.isConnected; wait *= GROWTH) {
      const patience = Math.min(wait, LAST_LOOK_MS);
      await pause(patience + jitter(patience));
      await untilSeen();
      const { status, retryAfter } = await this.look();
      if (status === 401 || status === 404) {
        void this.#check();
        break;
      }
      await pause(retryAfter * 1_000);
    }
    this.#following = false;
  }

  #tick(): void {
    const unpaid = needsPayment(this.order);
    if (unpaid && isClockKnown()) this.#count(secondsLeft(this.order, serverNow()));
    else if (unpaid) setText(part(this.root, "hold-digits"), "–:––");
    const isHeld = unpaid && this.#left > 0 && this.root.isConnected;
    dock(this.root, isHeld ? Date.parse(this.order.expiresAt) : undefined);
  }

  #count(left: number): void {
    const before = this.#left;
    this.#left = left;
    const hold = part(this.root, "hold");
    if (hold) hold.dataset.phase = holdPhase(left);
    setText(part(this.root, "hold-digits"), spell(Math.max(0, left)));
    const bar = part(this.root, "hold-bar");
    if (bar) bar.style.transform = `scaleX(${shareLeft(this.order, left)})`;
    const said = holdSaid(before, left);
    if (said) setText(part(this.root, "hold-said"), said);
    if (left <= this.#checkAt && before > this.#checkAt) void this.look();
    if (left > 0) return;
    // A payment sent now would arrive after the end.
    setText(part(this.root, "order-text"), HOLD_OVER);
    for (const name of ["pay", "cancel"]) part(this.root, name)?.toggleAttribute("hidden", true);
    if (before > 0) void this.#follow();
  }
}

/** Fills the panel and keeps it true. */
export const mountOrder = (root: HTMLElement, order: Order, hooks: OrderHooks): void =>
  new OrderPanel(root, order, hooks).mount();
