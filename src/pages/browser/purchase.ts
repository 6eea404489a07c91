// Buying an item: the press, its outcome, an order placed in another tab, and resuming after a reload.
import type { Order } from "../../inventory/order.ts";
import { holdsUnits } from "../copy/order.ts";
import { type ApiResponse, call, isUnknown } from "./api.ts";
import { adoptOrder, forgetOrder } from "./attempt.ts";
import { readAttempt, updateAttempt } from "./attempt-store.ts";
import { jitter, pause } from "./delay.ts";
import { report } from "./error-report.ts";
import { WORDING } from "./locale.ts";
import { outcomeOf, pendingText, type SaleUpdate } from "./outcome.ts";
import { saveToken } from "./payment-token.ts";
import { onReturn } from "./resume.ts";
import { type SavedPurchase, takeStep } from "./saved-step.ts";
import { signIn } from "./sign-in.ts";
import type { SkuCard } from "./sku-card.ts";
import { askForPayment, chosenPayment, payerOf, priceOf } from "./sku-offer.ts";
import { submitOrder } from "./submit-order.ts";
import { notifyTabs, onOrderMessage, onSessionChange } from "./tab-channel.ts";

/** After a reload, an attempt younger than this is resumed, because the buyer is still waiting for it. */
const RESUME_MS = 120_000;
const SPREAD_MS = 1_000;
const { common, sale } = WORDING.words;

/** The result of looking up an order; `unknown`: it could not be read. */
type Found = "active" | "inactive" | "unknown";

class Purchase {
  readonly #card: SkuCard;
  readonly #onUpdate: (update: SaleUpdate) => void;
  #busy = false;
  /** The card that the buyer entered because the payment must come with the order. Used once an order is placed. */
  #paymentToken: string | undefined;

  constructor(card: SkuCard, onUpdate: (update: SaleUpdate) => void) {
    this.#card = card;
    this.#onUpdate = onUpdate;
    onOrderMessage(({ skuId, orderId, placed }) => {
      if (skuId !== card.skuId || !placed || card.order?.id === orderId) return;
      // Close any prompt in this tab: the attempt has become that order.
      if (this.#busy) card.closePrompts();
      else void this.#showExisting(orderId);
    });
    onReturn(() => {
      if (!card.owns) void this.restore();
    });
    onSessionChange(() => void this.#changeSession());
    card.onBuy((quantity) => void this.press(quantity));
    void this.restore();
  }

  /** The session may belong to another account now. The next press shows what that account may buy. */
  async #changeSession(): Promise<void> {
    const card = this.#card;
    // A card is for the order of the account that entered it.
    this.#paymentToken = undefined;
    if (card.order) return;
    card.set({ full: false, blocked: false });
    // Every page load triggers this, signed in or not: only reading the order shows whether its buyer is back.
    if (card.showsSignedOut && (await this.restore()) === "inactive") card.showMessage("");
  }

  /** Buys this many units; ignored while a purchase is in progress. */
  async press(quantity: number): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    this.#card.showMessage("");
    this.#card.set({ busy: true });
    try {
      await this.#buy(quantity, this.#card.order?.id);
    } catch (error) {
      report(error);
      this.#card.showMessage(common.internalError, "bad");
    } finally {
      this.#busy = false;
      const stored = await readAttempt(this.#card.skuId);
      this.#card.set({ busy: false, pending: stored?.open ? stored : undefined });
    }
  }

  async #buy(quantity: number, seen: string | undefined): Promise<void> {
    const { skuId, root } = this.#card;
    const [price, paymentToken] = [priceOf(root), chosenPayment(root) ?? this.#paymentToken];
    const panel = () => this.#card.challenge();
    const showStatus = (text: string) => this.#card.showMessage(text, "wait");
    const { answer, orderId, isAnothers } = await submitOrder({
      skuId,
      quantity,
      price,
      paymentToken,
      payer: payerOf(root),
      seen,
      panel,
      showStatus,
    });
    if (answer?.ok) return this.#onPlaced(answer.body, paymentToken);
    if (answer) return this.#onRefused(answer, quantity);
    if (isAnothers) return this.#card.showMessage(sale.otherAccount, "wait");
    if (!orderId) return this.#onCanceled();
    const found = await this.#showExisting(orderId, { interactive: true });
    // Only an order that no longer holds units allows another one.
    if (found === "inactive") await this.#buy(quantity, orderId);
    if (found === "unknown") this.#card.showMessage(sale.lookupFailed, "bad");
  }

  #onPlaced(order: Order, paymentToken: string | undefined): void {
    if (paymentToken) saveToken(order.id, paymentToken);
    this.#paymentToken = undefined;
    this.#card.showMessage("");
    this.#card.show(order, { focus: true });
    notifyTabs({ skuId: order.skuId, orderId: order.id, version: order.version, placed: true });
  }

  async #onRefused(answer: ApiResponse<Order>, quantity: number): Promise<void> {
    if (isUnknown(answer)) return this.#card.showMessage(pendingText(quantity, WORDING), "bad");
    const outcome = outcomeOf(answer.body, answer.retryAfter, WORDING);
    const { text, tone, wait, blocked, full, orderId, update } = outcome;
    this.#card.set({ blocked, full });
    this.#onUpdate(update);
    this.#card.showMessage(text, tone);
    if (answer.body.code === "payment_method_required") askForPayment(this.#card.root, quantity);
    if (wait) void this.#countDown(wait);
    if (orderId) await this.#showExisting(orderId, { already: true });
  }

  /** The buyer canceled a sign-in or challenge, or another tab placed the order first. */
  async #onCanceled(): Promise<void> {
    const stored = await readAttempt(this.#card.skuId);
    if (stored?.orderId) await this.#showExisting(stored.orderId, { interactive: true });
    else if (stored) this.#card.showMessage(pendingText(stored.quantity, WORDING), "bad");
    else this.#card.showMessage(sale.canceled, "wait");
  }

  async #countDown(seconds: number): Promise<void> {
    for (let wait = Math.ceil(seconds); wait > 0; wait -= 1) {
      this.#card.set({ wait });
      // Jitter: buyers who were refused together must not return together.
      await pause(1_000 + (wait > 1 ? 0 : jitter(SPREAD_MS)));
    }
    this.#card.showMessage("");
    this.#card.set({ wait: 0 });
    await this.#showPending();
  }

  async #showPending(): Promise<void> {
    const stored = await readAttempt(this.#card.skuId);
    if (!stored?.open || this.#busy) return;
    this.#card.set({ pending: stored });
    this.#card.showMessage(pendingText(stored.quantity, WORDING), "bad");
  }

  /** After a reload or return: shows the order, or resumes an attempt that the buyer is waiting for. */
  async restore(): Promise<Found | undefined> {
    const attempt = await readAttempt(this.#card.skuId);
    const left = takeStep<SavedPurchase>(this.#card.skuId);
    if (this.#busy) return;
    this.#paymentToken ??= left?.paymentToken;
    if (attempt?.orderId) return this.#showExisting(attempt.orderId);
    if (attempt && !left && Date.now() - attempt.at > RESUME_MS) await this.#showPending();
    else if (attempt || left) await this.press(attempt?.quantity ?? left?.quantity ?? 1);
  }

  /**
   * Shows an existing order of the buyer, or forgets it if it no longer holds units. `interactive`: the buyer pressed
   * Buy, so a sign-in may be requested. `already`: the order existed before that press.
   */
  async #showExisting(
    orderId: string,
    { interactive = false, already = false } = {},
  ): Promise<Found> {
    if (this.#card.order?.id === orderId) return "active";
    const read = () => call<Order>("GET", `/orders/${orderId}`);
    let answer = await read();
    if (interactive && answer.status === 401 && (await signIn())) answer = await read();
    if (answer.ok && holdsUnits(answer.body)) {
      await updateAttempt(this.#card.skuId, adoptOrder(orderId));
      const shown = this.#card.order;
      if (!shown || shown.createdAt < answer.body.createdAt) {
        if (!already) this.#card.showMessage("");
        this.#card.show(answer.body, { focus: interactive || already, already });
      }
      return "active";
    }
    if (!answer.ok && answer.status !== 404) return "unknown";
    await updateAttempt(this.#card.skuId, forgetOrder(orderId));
    return "inactive";
  }
}

/** Connects a card's Buy button. `onUpdate` receives the facts about the sale in a refusal. */
export function mountPurchase(card: SkuCard, onUpdate: (update: SaleUpdate) => void): void {
  new Purchase(card, onUpdate);
}
