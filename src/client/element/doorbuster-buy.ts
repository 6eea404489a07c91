// `<doorbuster-buy sale="…" sku="…">`: countdown, price, live stock, and buying, on any page of a shop. All text is set as text, and
// the styles are constructed, so that it works under a policy without inline styles and scripts.
import type { Live, Order } from "../api.gen.ts";
import { ApiError, type Client, createClient, NoAnswerError, newKey } from "../index.ts";
import { type Shown, shown } from "./show.ts";
import { STYLE } from "./style.ts";
import { priceText, type Words, wordsOf } from "./words.ts";

/** Gives the buyer's token. Undefined if nobody is signed in. */
type GetToken = (about: { isExpired: boolean }) => string | undefined | Promise<string | undefined>;

/** The deployment that served this script. */
const HOME = new URL(import.meta.url).origin;
const TICK_MS = 1_000;

class DoorbusterBuy extends HTMLElement {
  static readonly observedAttributes = ["sale", "sku"];
  /** Set by the page, perhaps before this script has run: a field with a value would replace it. Default: attribute `token`. */
  declare getToken?: GetToken;
  readonly #parts: Record<"price" | "stock" | "clock" | "message", HTMLElement>;
  readonly #button: HTMLButtonElement;
  readonly #link: HTMLAnchorElement;
  #client: Client | undefined;
  #live: Live | undefined;
  #order: Order | undefined;
  #message = "";
  #isBusy = false;
  /** Kept while it is not known whether an attempt made an order. */
  #key: string | undefined;
  #ends: AbortController | undefined;

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    const add = <Tag extends keyof HTMLElementTagNameMap>(tag: Tag, part: string) => {
      const element = document.createElement(tag);
      element.setAttribute("part", part);
      root.append(element);
      return element;
    };
    const [price, stock, clock] = [add("p", "price"), add("p", "stock"), add("p", "clock")];
    const message = add("p", "message");
    message.setAttribute("role", "status");
    this.#parts = { price, stock, clock, message };
    this.#button = add("button", "button");
    this.#button.type = "button";
    this.#button.addEventListener("click", () => void this.#buy());
    this.#link = add("a", "pay");
  }

  connectedCallback(): void {
    this.#ends?.abort();
    const [saleId, skuId] = [this.getAttribute("sale"), this.getAttribute("sku")];
    if (!saleId || !skuId) return;
    const ends = new AbortController();
    this.#ends = ends;
    const token = async (about: { isExpired: boolean }) => {
      const given = this.getToken ? await this.getToken(about) : this.getAttribute("token");
      if (!given) throw new SignedOut();
      return given;
    };
    const client = createClient({ baseUrl: HOME, token });
    this.#client = client;
    const stop = client.live.subscribe(saleId, (live) => {
      this.#live = live;
      this.#paint();
    });
    const timer = setInterval(() => this.#paint(), TICK_MS);
    ends.signal.addEventListener("abort", () => {
      stop();
      clearInterval(timer);
    });
    // Without it, the device's clock counts down.
    void client.clock.sync({ signal: ends.signal }).catch(() => {});
    this.#paint();
  }

  disconnectedCallback(): void {
    this.#ends?.abort();
  }

  attributeChangedCallback(_name: string, before: string | null): void {
    if (before === null || !this.isConnected) return;
    this.#live = undefined;
    this.#order = undefined;
    this.connectedCallback();
  }

  get #language(): string {
    return this.closest<HTMLElement>("[lang]")?.lang || navigator.language;
  }

  async #buy(): Promise<void> {
    const [client, signal] = [this.#client, this.#ends?.signal];
    const [skuId, saleId] = [this.getAttribute("sku"), this.getAttribute("sale")];
    if (!client || !skuId || !saleId || this.#isBusy) return;
    const words = wordsOf(this.#language);
    const unitPrice = this.#live?.skus.find(({ id }) => id === skuId)?.unitPrice;
    this.#key ??= newKey();
    this.#set({ isBusy: true, message: words.wait });
    try {
      const onLine = () => this.#set({ isBusy: true, message: words.inLine });
      const options = { saleId, key: this.#key, onLine, signal };
      const order = await client.buy(skuId, unitPrice ? { ...options, unitPrice } : options);
      this.#key = undefined;
      this.#show(order);
      this.#set({ isBusy: false, message: "" });
      await client.orders.until(order.id, { onChange: (change) => this.#show(change), signal });
    } catch (error) {
      if (signal?.aborted) return;
      if (error instanceof ApiError && error.status < 500) this.#key = undefined;
      this.#set({ isBusy: false, message: textOf(error, words) });
      this.dispatchEvent(new CustomEvent("doorbuster:error", { detail: error, bubbles: true }));
    }
  }

  #show(order: Order): void {
    const isNew = order.version !== this.#order?.version || order.id !== this.#order.id;
    this.#order = order;
    this.#paint();
    const options = { detail: order, bubbles: true, composed: true };
    if (isNew) this.dispatchEvent(new CustomEvent("doorbuster:order", options));
  }

  #set({ isBusy, message }: { isBusy: boolean; message: string }): void {
    this.#isBusy = isBusy;
    this.#message = message;
    this.#paint();
  }

  #paint(): void {
    const words = wordsOf(this.#language);
    const view = shown(
      {
        live: this.#live,
        skuId: this.getAttribute("sku") ?? "",
        order: this.#order,
        isBusy: this.#isBusy,
        message: this.#message,
        now: this.#client?.clock.now() ?? Date.now(),
      },
      words,
    );
    this.#setTexts(view, words);
    // Stays in place while busy, so that it keeps the focus.
    this.#button.hidden = !view.canBuy && !this.#isBusy;
    this.#button.setAttribute("aria-disabled", String(!view.canBuy));
    this.#link.hidden = !view.canPay;
    if (this.#order) this.#link.href = this.#payUrl(this.#order.id);
  }

  #setTexts({ price, stock, clock, message }: Shown, words: Words): void {
    const language = this.#language;
    const texts = { stock, clock, message, price: price ? priceText(price, language, words) : "" };
    for (const [name, text] of Object.entries(texts) as [keyof typeof texts, string][]) {
      // A repeated text would be announced again.
      if (this.#parts[name].textContent !== text) this.#parts[name].textContent = text;
    }
    this.#button.textContent = words.buy;
    this.#link.textContent = words.pay;
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

class SignedOut extends Error {}

function textOf(error: unknown, words: Words): string {
  if (error instanceof SignedOut) return words.signIn;
  if (error instanceof NoAnswerError) return words.noAnswer;
  if (!(error instanceof ApiError)) return words.noAnswer;
  const texts: Partial<Record<string, string>> = {
    unauthenticated: words.signIn,
    sold_out: error.problem.code === "sold_out" && error.problem.held ? words.held : words.soldOut,
    sale_closed: words.closed,
    sale_paused: words.stopped,
    user_limit_reached: words.limit,
    price_changed: words.priceChanged,
  };
  return texts[error.code] ?? error.problem.detail;
}

if (!customElements.get("doorbuster-buy")) customElements.define("doorbuster-buy", DoorbusterBuy);
