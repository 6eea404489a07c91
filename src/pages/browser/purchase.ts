// How an item is bought: the press, its answer, the order of another tab, and what a reload finds.
import type { Order } from "../../inventory/order.ts";
import { isAlive } from "../copy/order.ts";
import { type Answer, call, isUnknown } from "./api.ts";
import { lose, own } from "./attempt.ts";
import { attemptFor, change } from "./attempt-store.ts";
import { jitter, pause } from "./delay.ts";
import { OUR_MISTAKE, report } from "./error-report.ts";
import { FORMAT } from "./locale.ts";
import { outcomeOf, pendingWords, type SaleNews } from "./outcome.ts";
import { onReturn } from "./resume.ts";
import { signIn, takeLeft } from "./sign-in.ts";
import type { SkuCard } from "./sku-card.ts";
import { chosenPayment, offerPayment, priceOf } from "./sku-offer.ts";
import { send } from "./submit-order.ts";
import { onNews, onSession, tellTabs } from "./tab-channel.ts";

/** After a reload, an attempt this young is taken up again: the buyer is still waiting for it. */
const RESUME_MS = 120_000;
const SPREAD_MS = 1_000;
const NOT_FOUND_OUT = "We couldn't load the order you already have. Please try again.";

/** What a look at an order can say; `unknown`: nothing, for now. */
type Found = "alive" | "gone" | "unknown";

class Purchase {
  readonly #card: SkuCard;
  readonly #learn: (news: SaleNews) => void;
  #busy = false;

  constructor(card: SkuCard, learn: (news: SaleNews) => void) {
    this.#card = card;
    this.#learn = learn;
    onNews(({ skuId, orderId, placed }) => {
      if (skuId !== card.skuId || !placed || card.order?.id === orderId) return;
      // What waits for the buyer in this tab gives way: the attempt has become that order.
      if (this.#busy) card.stopAsking();
      else void this.#find(orderId);
    });
    onReturn(() => {
      if (!card.owns) void this.restore();
    });
    onSession(() => void this.#changeSession());
    card.onBuy((quantity) => void this.press(quantity));
    void this.restore();
  }

  /** The session may be another account's now. The next press shows what that account may buy. */
  async #changeSession(): Promise<void> {
    const card = this.#card;
    if (card.order) return;
    card.set({ full: false, blocked: false });
    // Every page that loads gets here, signed in or not: the order itself says whether its buyer is back.
    if (card.saysSignedOut && (await this.restore()) === "gone") card.tell("");
  }

  /** The buyer wants this many. */
  async press(quantity: number): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    this.#card.tell("");
    this.#card.set({ busy: true });
    try {
      await this.#buy(quantity, this.#card.order?.id);
    } catch (error) {
      report(error);
      this.#card.tell(OUR_MISTAKE, "bad");
    } finally {
      this.#busy = false;
      const kept = await attemptFor(this.#card.skuId);
      this.#card.set({ busy: false, pending: kept?.open ? kept : undefined });
    }
  }

  async #buy(quantity: number, seen: string | undefined): Promise<void> {
    const { skuId, root } = this.#card;
    const [price, paymentToken] = [priceOf(root), chosenPayment(root)];
    const panel = () => this.#card.challenge();
    const tell = (text: string) => this.#card.tell(text, "wait");
    const { answer, orderId } = await send({
      skuId,
      quantity,
      price,
      paymentToken,
      seen,
      panel,
      tell,
    });
    if (answer?.ok) return this.#got(answer.body);
    if (answer) return this.#refused(answer, quantity);
    if (!orderId) return this.#gaveUp();
    const found = await this.#find(orderId, { asked: true });
    // Only an order that is none any more makes room for another one.
    if (found === "gone") await this.#buy(quantity, orderId);
    if (found === "unknown") this.#card.tell(NOT_FOUND_OUT, "bad");
  }

  #got(order: Order): void {
    this.#card.tell("");
    this.#card.show(order, { focus: true });
    tellTabs({ skuId: order.skuId, orderId: order.id, version: order.version, placed: true });
  }

  async #refused(answer: Answer<Order>, quantity: number): Promise<void> {
    if (isUnknown(answer)) return this.#card.tell(pendingWords(quantity), "bad");
    const outcome = outcomeOf(answer.body, answer.retryAfter, FORMAT);
    const { text, tone, wait, blocked, full, orderId, news } = outcome;
    this.#card.set({ blocked, full });
    this.#learn(news);
    if (answer.body.code === "payment_method_required") offerPayment(this.#card.root);
    this.#card.tell(text, tone);
    if (wait) void this.#countDown(wait);
    if (orderId) await this.#find(orderId, { already: true });
  }

  /** A sign-in or a challenge was cancelled, or another tab was faster and this one need not go on. */
  async #gaveUp(): Promise<void> {
    const kept = await attemptFor(this.#card.skuId);
    if (kept?.orderId) await this.#find(kept.orderId, { asked: true });
    else if (kept) this.#card.tell(pendingWords(kept.quantity), "bad");
    else this.#card.tell("Canceled. Nothing was ordered.", "wait");
  }

  async #countDown(seconds: number): Promise<void> {
    for (let wait = Math.ceil(seconds); wait > 0; wait -= 1) {
      this.#card.set({ wait });
      // Those who were refused together do not come back together.
      await pause(1_000 + (wait > 1 ? 0 : jitter(SPREAD_MS)));
    }
    this.#card.tell("");
    this.#card.set({ wait: 0 });
    await this.#tellPending();
  }

  async #tellPending(): Promise<void> {
    const kept = await attemptFor(this.#card.skuId);
    if (!kept?.open || this.#busy) return;
    this.#card.set({ pending: kept });
    this.#card.tell(pendingWords(kept.quantity), "bad");
  }

  /** After a reload or an absence: shows the order, or takes up an attempt that the buyer waits for. */
  async restore(): Promise<Found | undefined> {
    const attempt = await attemptFor(this.#card.skuId);
    const left = takeLeft(this.#card.skuId);
    if (this.#busy) return;
    if (attempt?.orderId) return this.#find(attempt.orderId);
    if (attempt && !left && Date.now() - attempt.at > RESUME_MS) await this.#tellPending();
    else if (attempt || left) await this.press(attempt?.quantity ?? left ?? 1);
  }

  /** Shows an order the buyer has. One that is none any more is forgotten. */
  async #find(orderId: string, { asked = false, already = false } = {}): Promise<Found> {
    if (this.#card.order?.id === orderId) return "alive";
    const look = () => call<Order>("GET", `/orders/${orderId}`);
    let answer = await look();
    if (asked && answer.status === 401 && (await signIn())) answer = await look();
    if (answer.ok && isAlive(answer.body)) {
      await change(this.#card.skuId, own(orderId));
      const shown = this.#card.order;
      if (!shown || shown.createdAt < answer.body.createdAt) {
        if (!already) this.#card.tell("");
        this.#card.show(answer.body, { focus: asked || already, already });
      }
      return "alive";
    }
    if (!answer.ok && answer.status !== 404) return "unknown";
    await change(this.#card.skuId, lose(orderId));
    return "gone";
  }
}

/** Lets the card buy. `learn` receives what a refusal says about the sale. */
export function mountPurchase(card: SkuCard, learn: (news: SaleNews) => void): void {
  new Purchase(card, learn);
}
