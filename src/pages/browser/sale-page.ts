// The sale page in the browser: countdown on the server's clock, opening by itself, live stock.
import { call, jitter } from "./api.ts";
import { observe, onClockChange, serverNow } from "./clock.ts";
import { SkuCard } from "./sku-card.ts";
import { isSoldOut, type SaleState, type Stock } from "./stock.ts";
import { mountVisit } from "./visit.ts";

interface Live {
  asOf: string;
  state: SaleState;
  skus: ({ id: string } & Stock)[];
}

/** How often one browser asks; edges share the answer, and the jitter spreads the askers. */
const OPEN_EVERY_MS = 3_000;
const IDLE_EVERY_MS = 30_000;
const SPREAD_MS = 2_000;
const LONGEST_PAUSE_MS = 60_000;
/** What the badge shows: an open sale with nothing left is not open to anybody. */
type Shown = SaleState | "sold_out";
const BADGES: Record<Shown, string> = {
  upcoming: "Opens soon",
  open: "Open now",
  sold_out: "Sold out",
  closed: "Ended",
};
const ANNOUNCED: Record<Shown, string> = {
  upcoming: "",
  open: "The sale is open.",
  sold_out: "Everything is sold out.",
  closed: "The sale is over.",
};

export function mountSale(root: HTMLElement): void {
  let opensAt = Date.parse(root.dataset.opensAt ?? "");
  let closesAt = Date.parse(root.dataset.closesAt ?? "");
  let state: SaleState | undefined;
  let shown: Shown | undefined;
  // Until the server was asked, what it wrote into the page is truer than the visitor's clock.
  const written = root.dataset.state as SaleState;
  let asked = false;
  let stock = new Map<string, Stock>();
  let failures = 0;
  let poll: ReturnType<typeof setTimeout>;
  let timer: ReturnType<typeof setTimeout>;
  const path = `/sales/${root.dataset.sale}`;
  const part = (name: string) => root.querySelector<HTMLElement>(`[data-${name}]`);
  const cards = [...root.querySelectorAll<HTMLElement>("[data-sku]")].map(
    (card) => new SkuCard(card, () => void reread()),
  );

  function stateNow(): SaleState {
    if (!asked) return written;
    const now = serverNow();
    return now < opensAt ? "upcoming" : now < closesAt ? "open" : "closed";
  }

  function paint(): void {
    const next = stateNow();
    if (next !== state) {
      // Nobody needs to ask to know that it opened; the live answer is asked for a little later.
      if (state !== undefined) schedule(SPREAD_MS);
      state = next;
      root.dataset.state = next;
    }
    const nothingLeft = cards.every(({ skuId }) => isSoldOut(stock.get(skuId)));
    show(next === "open" && nothingLeft ? "sold_out" : next);
    for (const card of cards) card.update(next, stock.get(card.skuId));
    countDown(next);
  }

  function show(next: Shown): void {
    if (next === shown) return;
    const badge = part("badge");
    if (badge) {
      badge.dataset.badge = next;
      badge.textContent = BADGES[next];
    }
    const announce = part("announce");
    const isBack = shown === "sold_out" && next === "open";
    if (announce && shown) announce.textContent = isBack ? "Units came back." : ANNOUNCED[next];
    shown = next;
  }

  function countDown(now: SaleState): void {
    const box = part("countdown");
    const digits = part("digits");
    const label = part("countdown-label");
    if (!box || !digits || !label) return;
    box.hidden = now === "closed" || !asked;
    label.textContent = now === "upcoming" ? "Opens in" : "Closes in";
    digits.textContent = spell((now === "upcoming" ? opensAt : closesAt) - serverNow());
  }

  /** On the second of the server's clock, so that it opens when the count says zero. */
  function tick(): void {
    clearTimeout(timer);
    paint();
    timer = setTimeout(tick, 1_000 - (serverNow() % 1_000) + 5);
  }

  function schedule(every: number): void {
    clearTimeout(poll);
    poll = setTimeout(ask, every / 2 + jitter(every));
  }

  async function ask(): Promise<void> {
    if (document.hidden) return;
    const answer = await call<Live>("GET", `${path}/live`);
    asked = true;
    if (answer.ok) {
      failures = 0;
      observe(Date.parse(answer.body.asOf));
      stock = new Map(answer.body.skus.map((sku) => [sku.id, sku]));
      if (answer.body.state !== stateNow()) void reread();
      paint();
    } else {
      failures += 1;
      paint();
    }
    // A single slow answer is no news; a second one is.
    const degraded = part("degraded");
    if (degraded) degraded.hidden = failures < 2 || answer.status === 404;
    const usual = state === "open" ? OPEN_EVERY_MS : IDLE_EVERY_MS;
    const backedOff = Math.min(usual * 2 ** failures, LONGEST_PAUSE_MS);
    schedule(Math.max(backedOff, answer.retryAfter * 2_000));
  }

  let rereading = false;
  /** Our times and the server's word differ: an operator may have moved the sale. */
  async function reread(): Promise<void> {
    if (rereading) return;
    rereading = true;
    await new Promise((resolve) => setTimeout(resolve, jitter(SPREAD_MS)));
    const { ok, body } = await call<{ opensAt: string; closesAt: string }>("GET", path);
    if (ok) {
      opensAt = Date.parse(body.opensAt);
      closesAt = Date.parse(body.closesAt);
      tick();
    }
    setTimeout(() => {
      rereading = false;
    }, IDLE_EVERY_MS);
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    tick();
    schedule(SPREAD_MS / 2);
  });
  onClockChange(tick);
  tick();
  void ask();
  if ("visits" in root.dataset)
    mountVisit(path, opensAt - serverNow(), () => stateNow() === "closed");
}

/** Days only when there are some: "2 d 03:04:05", "03:04:05", "04:05". */
function spell(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1_000));
  const days = Math.floor(seconds / 86_400);
  const parts = [Math.floor(seconds / 3_600) % 24, Math.floor(seconds / 60) % 60, seconds % 60];
  const shown = days > 0 || (parts[0] ?? 0) > 0 ? parts : parts.slice(1);
  const clock = shown.map((part) => String(part).padStart(2, "0")).join(":");
  return days > 0 ? `${days} d ${clock}` : clock;
}
