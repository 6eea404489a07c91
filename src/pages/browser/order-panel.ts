// The panel of one order in the browser: shows it, polls it until it is settled, counts its hold down.
import type { Order } from "../../inventory/order.ts";
import type { PaymentPause } from "../../payments/payment-pause.ts";
import {
  describeOrder,
  holdsUnits,
  inLineText,
  isSettling,
  needsPayment,
  pauseText,
} from "../copy/order.ts";
import { itemName } from "../copy/product.ts";
import { type ApiResponse, call } from "./api.ts";
import { jitter, pause, untilVisible } from "./delay.ts";
import { part, setAll, setText } from "./dom.ts";
import { holdAnnouncement, holdPhase, secondsLeft, shareLeft } from "./hold-countdown.ts";
import { formatClock, WORDING } from "./locale.ts";
import { type ActionTarget, mountActions } from "./order-actions.ts";
import { dock } from "./pay-bar.ts";
import { onReturn } from "./resume.ts";
import { formatDuration } from "./sale-countdown.ts";
import { isClockKnown, observe, serverNow } from "./server-clock.ts";
import { notifyTabs, onOrderMessage, onSessionChange } from "./tab-channel.ts";

/** Most orders settle within a second or two; the polling interval then grows. */
const FIRST_LOOK_MS = 500;
const LAST_LOOK_MS = 30_000;
const GROWTH = 1.6;
/** A payment that is still due at this polling interval may be waiting in line. */
const IN_LINE_MS = 1_000;
/** Shorter waits are over before anyone has read of them. */
const IN_LINE_SECONDS = 10;
/** The holds of a sale's first second end together; jitter spreads the polls. */
const SPREAD_MS = 4_000;
/** About this long before the hold ends, the order is read once more, which also corrects the clock. */
const CHECK_SECONDS = 15;

/** Callbacks to the page around a panel. */
export interface OrderHooks {
  /** Called for each new version of the order. */
  onChange(order: Order): void;
  /** Called when the current visitor may no longer see the order. */
  onRemove(signedOut: boolean): void;
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
    onOrderMessage(({ orderId, version }) => {
      const isOurs = this.root.isConnected && orderId === this.order.id;
      if (isOurs && version > this.order.version) void this.refresh();
    });
    onReturn(async (slept) => {
      if (!this.root.isConnected) return;
      if (slept) this.#tick();
      await this.#check();
      void this.#follow();
    });
    onSessionChange(() => void this.#check());
    mountActions(this);
    const timer = setInterval(() => {
      this.#tick();
      if (!this.root.isConnected) clearInterval(timer);
    }, 1_000);
  }

  /** Reads the order and shows it. */
  async refresh(): Promise<ApiResponse<Order>> {
    const answer = await call<Order>("GET", `/orders/${this.order.id}`);
    if (answer.ok) this.show(answer.body);
    return answer;
  }

  /** Checks whether the visitor may still see the order; skipped during an action, which checks itself. */
  async #check(): Promise<void> {
    await pause(jitter(FIRST_LOOK_MS));
    if (!this.root.isConnected || this.root.dataset.busy) return;
    const { status } = await this.refresh();
    if (this.root.dataset.busy) return;
    if (status === 401 || status === 404) this.remove(status === 401);
  }

  /** Removes the order from the page: the session belongs to another account or has ended. */
  remove(signedOut: boolean): void {
    if (!this.root.isConnected) return;
    this.root.remove();
    this.#tick();
    this.#hooks.onRemove(signedOut);
  }

  /** Shows a newer version of the order. */
  show(next: Order): void {
    if (next.version <= this.order.version) return;
    this.order = next;
    this.paint();
    notifyTabs({ skuId: next.skuId, orderId: next.id, version: next.version });
  }

  paint(): void {
    const { root, order } = this;
    const { title, text } = describeOrder(order, WORDING, "external" in root.dataset);
    const { amount, currency } = order.unitPrice;
    const name = itemName(order.item);
    setAll(root, "order-name", name);
    root.dataset.order = order.id;
    root.dataset.status = order.status;
    root.dataset.payment = order.payment ?? "";
    root.dataset.attempts = String(order.attemptsLeft ?? "");
    setText(part(root, "order-title"), title);
    if (root.dataset.initial) document.title = `${title}: ${name}`;
    setText(part(root, "order-text"), text);
    const { words, fill, price } = WORDING;
    const [n, until] = [order.quantity, formatClock(order.expiresAt)];
    const each = amount
      ? fill(words.panel.each, { n, price: price(amount, currency) })
      : fill(words.panel.quantity, { n });
    setText(part(root, "order-each"), each);
    setAll(root, "order-total", price(order.total.amount, currency));
    setText(part(root, "hold-until"), fill(words.panel.until, { time: until }));
    for (const name of ["hold", "pay", "cancel"]) {
      const element = part(root, name);
      if (element) element.hidden = !needsPayment(order);
    }
    part(root, "again")?.toggleAttribute("hidden", holdsUnits(order));
    part(root, "order-link")?.setAttribute("href", `/orders/${order.id}`);
    const link = part(root, "pay-link");
    link?.setAttribute("href", `/orders/${order.id}${link.dataset.payLink}`);
    this.#tick();
    this.#hooks.onChange(order);
    void this.#follow();
  }

  /** Whether the order must be polled: it changes on its own, or the time left is unknown. */
  #isDue = () =>
    isSettling(this.order) || (needsPayment(this.order) && (this.#left <= 0 || !isClockKnown()));

  async #follow(): Promise<void> {
    if (this.#following) return;
    this.#following = true;
    if (needsPayment(this.order) && this.#isDue()) await pause(jitter(SPREAD_MS));
    for (let wait = FIRST_LOOK_MS; this.#isDue() && this.root.isConnected; wait *= GROWTH) {
      const patience = Math.min(wait, LAST_LOOK_MS);
      await pause(patience + jitter(patience));
      await untilVisible();
      const { status, retryAfter } = await this.refresh();
      if (status === 401 || status === 404) {
        void this.#check();
        break;
      }
      if (wait > IN_LINE_MS && this.order.payment === "due") await this.#showWait();
      await pause(retryAfter * 1_000);
    }
    this.#following = false;
  }

  /** Shows how long the payment still waits in line, if the server knows. */
  async #showWait(): Promise<void> {
    const path = `/orders/${this.order.id}/payment`;
    const { ok, body } = await call<{ estimatedSeconds?: number; pause?: PaymentPause }>(
      "GET",
      path,
    );
    const { pause: paused, estimatedSeconds: seconds = 0 } = ok ? body : {};
    const text = paused
      ? pauseText(paused, WORDING)
      : seconds >= IN_LINE_SECONDS && inLineText(WORDING, seconds);
    const isDue = this.order.status === "reserved" && this.order.payment === "due";
    if (text && isDue) setText(part(this.root, "order-text"), text);
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
    setText(part(this.root, "hold-digits"), formatDuration(Math.max(0, left)));
    const bar = part(this.root, "hold-bar");
    if (bar) bar.style.transform = `scaleX(${shareLeft(this.order, left)})`;
    const said = holdAnnouncement(before, left, WORDING);
    if (said) setText(part(this.root, "hold-said"), said);
    if (left <= this.#checkAt && before > this.#checkAt) void this.refresh();
    if (left > 0) return;
    // A payment sent now would arrive after the hold ended.
    setText(part(this.root, "order-text"), WORDING.words.panel.over);
    for (const name of ["pay", "cancel"]) part(this.root, name)?.toggleAttribute("hidden", true);
    if (before > 0) void this.#follow();
  }
}

/** Fills the panel and keeps it up to date. */
export const mountOrder = (root: HTMLElement, order: Order, hooks: OrderHooks): void =>
  new OrderPanel(root, order, hooks).mount();
