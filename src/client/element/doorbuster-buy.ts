// `<doorbuster-buy sale="…" sku="…">`: countdown, price, live stock, and buying, on any page of a shop.
import type { Live, Order } from "../api.gen.ts";
import { createClient } from "../index.ts";
import { type GetToken, subjectOf, whoBuys } from "./buyer.ts";
import { Memory } from "./memory.ts";
import { type Progress, Purchase } from "./purchase.ts";
import { refusalText } from "./refusal.ts";
import { shown } from "./show.ts";
import { View } from "./view.ts";
import { wordsOf } from "./words.ts";

/** The deployment that served this script. */
const HOME = new URL(import.meta.url).origin;
const TICK_MS = 1_000;

/** All elements of the page share this client, its polls, and its clock: they are the same for everybody. */
const everyone = createClient({ baseUrl: HOME });
const memory = new Memory(HOME);
let isSynced = false;

/** Once for the page. Without it, the live stock says roughly what the time is. */
function syncClock(): void {
  if (isSynced) return;
  isSynced = true;
  everyone.clock.sync().catch(() => {
    isSynced = false;
  });
}

class DoorbusterBuy extends HTMLElement {
  static readonly observedAttributes = ["sale", "sku", "token"];
  readonly #view: View;
  #getToken: GetToken | undefined;
  #live: Live | undefined;
  #purchase: Purchase | undefined;
  /** The last order that the page was told of. */
  #told: Order | undefined;
  #ends: AbortController | undefined;
  #isRestarting = false;

  constructor() {
    super();
    this.#view = new View(this.attachShadow({ mode: "open" }), () => this.#press());
  }

  /** Set by the page. If it was set before this script ran, it is a property of the element's own, which this one leaves alone. */
  get getToken(): GetToken | undefined {
    return this.#getToken;
  }

  set getToken(getToken: GetToken | undefined) {
    this.#getToken = getToken;
    void this.#purchase?.restore();
  }

  connectedCallback(): void {
    this.#start();
  }

  disconnectedCallback(): void {
    const left = this.#purchase;
    this.#ends?.abort();
    this.#ends = undefined;
    // A page that only moves the element puts it back at once.
    queueMicrotask(() => {
      if (!this.isConnected) left?.leave();
    });
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (!this.#ends || before === after) return;
    if (name === "token" && subjectOf(before ?? "") === subjectOf(after ?? "")) return;
    if (this.#isRestarting) return;
    this.#isRestarting = true;
    // A page that changes sale and SKU does it one after the other.
    queueMicrotask(() => {
      this.#isRestarting = false;
      this.#purchase?.leave();
      if (this.#ends) this.#start();
    });
  }

  /** Starts anew. What was under way is ended, but remembered. */
  #start(): void {
    this.#ends?.abort();
    const ends = new AbortController();
    this.#ends = ends;
    const { signal } = ends;
    this.#live = undefined;
    this.#purchase = undefined;
    const [saleId, skuId] = [this.getAttribute("sale"), this.getAttribute("sku")];
    if (saleId && skuId) this.#open(saleId, skuId, signal);
    this.#paint();
  }

  #open(saleId: string, skuId: string, signal: AbortSignal): void {
    const getToken: GetToken = (about) =>
      this.getToken ? this.getToken(about) : this.getAttribute("token");
    const purchase = new Purchase({
      ...{ saleId, skuId, memory, signal },
      whoBuys: () => whoBuys(getToken, (token) => createClient({ baseUrl: HOME, token })),
      onChange: (progress) => this.#onProgress(progress),
    });
    this.#purchase = purchase;
    const stop = everyone.live.subscribe(saleId, (live) => {
      this.#live = live;
      if (live.state === "closed") memory.forgetPlaces(saleId);
      this.#paint();
    });
    const timer = setInterval(() => this.#paint(), TICK_MS);
    signal.addEventListener("abort", () => {
      stop();
      clearInterval(timer);
    });
    const goOn = () => void purchase.restore();
    addEventListener("online", goOn, { signal });
    document.addEventListener("visibilitychange", goOn, { signal });
    // A page that comes back from the browser's memory may be another buyer's.
    addEventListener("pageshow", ({ persisted }) => persisted && this.#start(), { signal });
    syncClock();
    goOn();
  }

  #press(): void {
    const skuId = this.getAttribute("sku");
    void this.#purchase?.press(this.#live?.skus.find(({ id }) => id === skuId)?.unitPrice);
  }

  #onProgress({ order, error }: Progress): void {
    this.#paint();
    const isNew = order?.id !== this.#told?.id || order?.version !== this.#told?.version;
    const tell = (name: string, detail: unknown) =>
      this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
    if (error) tell("doorbuster:error", error);
    if (!order || !isNew) return;
    this.#told = order;
    tell("doorbuster:order", order);
  }

  #paint(): void {
    const language = this.closest<HTMLElement>("[lang]")?.lang || navigator.language;
    const words = wordsOf(language);
    const { step, order, error } = this.#purchase?.progress ?? {};
    const known = {
      live: this.#live,
      skuId: this.getAttribute("sku") ?? "",
      order,
      isBusy: step !== undefined,
      message: step ? words[step] : error ? refusalText(error, words) : "",
      now: everyone.clock.now(),
    };
    const payUrl = this.#payUrl(order?.id ?? "");
    this.#view.show(shown(known, words), known.isBusy, payUrl, words, language);
  }

  /** The page of the order, or the shop's own checkout (`checkout`) with `order` in its query. */
  #payUrl(orderId: string): string {
    const checkout = this.getAttribute("checkout");
    if (!checkout) return `${HOME}/orders/${encodeURIComponent(orderId)}`;
    const url = new URL(checkout, document.baseURI);
    url.searchParams.set("order", orderId);
    return url.href;
  }
}

if (!customElements.get("doorbuster-buy")) customElements.define("doorbuster-buy", DoorbusterBuy);
