// The ready room on a sale's page: who is signed in, the exact time, telling of the opening, and of a unit that comes back. A script
// of its own, which only pages of upcoming and sold-out sales load. It never buys, and asks the server for nothing at the opening.
import { Alert } from "./alert.ts";
import { ClockSync } from "./clock-sync.ts";
import { jitter } from "./delay.ts";
import { part, setText } from "./dom.ts";
import type { PanelHost } from "./panel-host.ts";
import { Preparation } from "./prepare.ts";
import { type Shown, Watch } from "./watch.ts";

/** The answer of `GET /api/session`. */
interface Session {
  user: { id: string; email?: string } | null;
}

/** How long before the opening the first notification comes. */
const SOON_MS = 60_000;
/** A hidden page looks whether the sale was moved: rarely while the opening is further away than this, then more often. */
const NEAR_MS = 300_000;
const FAR_EVERY_MS = 240_000;
const NEAR_EVERY_MS = 20_000;

export class ReadyRoom {
  readonly #before: HTMLElement | null;
  readonly #host: PanelHost;
  readonly #clock: ClockSync;
  readonly #alert = new Alert();
  readonly #watch: Watch | undefined;
  readonly #preparation: Preparation;
  /** The address of the ticker. */
  readonly #tickerUrl: string;
  #ticker: Worker | undefined;
  #isSignedIn = false;
  /** How often the page asked who is signed in: only the last answer counts. */
  #asked = 0;
  #notifies = false;
  #shown: Shown | undefined;
  /** What was told, with the opening that it was about. */
  readonly #told = new Set<string>();

  constructor(slot: HTMLElement, host: PanelHost) {
    const back = part(slot, "ready-back");
    this.#before = part(slot, "ready-before");
    this.#host = host;
    this.#clock = new ClockSync(host);
    this.#watch = back ? new Watch(back, host, this.#alert) : undefined;
    this.#preparation = new Preparation(slot, host);
    this.#tickerUrl = slot.dataset.ticker ?? "";
  }

  start(): void {
    const isUpcoming = this.#before !== null;
    if (!isUpcoming && !this.#preparation.isUsed) return;
    part(document, "ready-sign-in")?.addEventListener("click", (event) => {
      event.preventDefault();
      void this.#signIn();
    });
    // The visitor may have signed in on a page of the shop.
    addEventListener("focus", () => {
      const isWaiting = !this.#isSignedIn && this.#shown?.sale === "upcoming";
      if (isWaiting || this.#preparation.isUsed) this.onSessionChange();
    });
    if (this.#before) this.#mountNotify(this.#before);
    this.onSessionChange();
  }

  /** Another account may be signed in now. */
  onSessionChange(): void {
    void this.#showUser();
  }

  /** In how many milliseconds to look at the shared answer again, for a page whose own pace would be too slow. */
  get waitMs(): number | undefined {
    if (this.#watch?.waitMs) return this.#watch.waitMs;
    if (!document.hidden || !this.#notifies || this.#shown?.sale !== "upcoming") return undefined;
    const isNear = this.#shown.opensAt - this.#host.now() < NEAR_MS;
    const every = isNear ? NEAR_EVERY_MS : FAR_EVERY_MS;
    return every + jitter(every);
  }

  /** The estimate of the server's clock was discarded. */
  forgetClock(): void {
    this.#clock.forget();
  }

  paint(shown: Shown): void {
    this.#shown = shown;
    this.#clock.measureFor(shown.opensAt);
    if (this.#before) {
      const isOver = shown.sale !== "upcoming";
      // An element with the focus stays, so that nobody loses their way at the opening.
      this.#before.hidden = isOver && !this.#before.contains(document.activeElement);
    }
    this.#watch?.paint(shown);
    this.#preparation.paint(shown);
    this.#tell();
  }

  async #signIn(): Promise<void> {
    if (!(await this.#host.signIn())) return;
    await this.#showUser();
    // The link with the focus is gone.
    if (this.#before) part(this.#before, "ready-user")?.focus();
  }

  async #showUser(): Promise<void> {
    const { call, wording } = this.#host;
    // Until it is known who is signed in, no order carries a card.
    this.#preparation.user = undefined;
    const asked = ++this.#asked;
    const { ok, body } = await call<Session>("GET", "/session");
    if (!ok || asked !== this.#asked) return;
    const { user } = body;
    this.#isSignedIn = user !== null;
    this.#preparation.user = user?.id;
    if (!this.#before) return;
    // A name has a direction of its own.
    const name = `\u2068${user?.email ?? user?.id}\u2069`;
    const text = user ? wording.fill(wording.words.ready.signedIn, { user: name }) : "";
    const shown = part(this.#before, "ready-user");
    shown?.toggleAttribute("hidden", !user);
    setText(shown, text);
    part(this.#before, "ready-sign-in")?.toggleAttribute("hidden", user !== null);
  }

  #mountNotify(before: HTMLElement): void {
    const button = part(before, "ready-notify");
    if (!button || !this.#alert.isPossible) return;
    button.hidden = false;
    if (isKept(this.#host.saleId) && this.#alert.isAllowed) this.#notify(before, button);
    button.addEventListener("click", async () => {
      this.#alert.prepare();
      if (await this.#alert.ask()) {
        keep(this.#host.saleId);
        this.#notify(before, button);
      } else {
        setText(part(before, "ready-note"), this.#host.wording.words.ready.blocked);
      }
    });
  }

  #notify(before: HTMLElement, button: HTMLElement): void {
    this.#notifies = true;
    button.setAttribute("aria-disabled", "true");
    setText(part(before, "ready-note"), this.#host.wording.words.ready.notifying);
    // Browsers slow the timers of hidden pages down to one a minute, and leave those of workers alone.
    try {
      this.#ticker ??= new Worker(this.#tickerUrl);
      this.#ticker.onmessage = () => this.#tell();
    } catch {
      // The page itself looks, more rarely.
    }
    this.#host.onChange();
  }

  /** Tells that the sale opens soon, and that it is open, each once. */
  #tell(): void {
    const { wording, now } = this.#host;
    const { sale, opensAt } = this.#shown ?? {};
    if (!this.#notifies || opensAt === undefined || sale === "closed") return;
    const left = opensAt - now();
    if (left > SOON_MS) return;
    const isOpen = left <= 0;
    const wait = wording.duration(Math.ceil(left / 1_000), "second");
    const { ready, sale: words } = wording.words;
    const key = `${isOpen} ${opensAt}`;
    const text = isOpen ? words.opened : wording.fill(ready.soon, { wait });
    if (!this.#told.has(key)) this.#alert.ring(text, key);
    this.#told.add(key);
    if (isOpen) this.#ticker?.terminate();
  }
}

/** That the visitor wants to be notified, for a reload. */
const keyOf = (saleId: string) => `notify:${saleId}`;

function isKept(saleId: string): boolean {
  try {
    return localStorage.getItem(keyOf(saleId)) !== null;
  } catch {
    return false;
  }
}

function keep(saleId: string): void {
  try {
    localStorage.setItem(keyOf(saleId), "1");
  } catch {
    // Storage is blocked. After a reload, the visitor has to press the button again.
  }
}
