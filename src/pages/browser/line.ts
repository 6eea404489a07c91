// The line on a sale's page: joining it, where the visitor stands, and what happens at their turn. A script of its own,
// which only sales with a line load. Everything shared comes from the answer that all visitors read; only the
// ticket is personal.
import type { PublicLine } from "../../admission/public-line.ts";
import { pollAfter } from "../../admission/standing.ts";
import {
  countText,
  isBeaconLate,
  type LineState,
  lineText,
  NOT_YOUR_TURN,
  operatorNotice,
  type Standing,
  standingOf,
  waitText,
} from "../copy/line.ts";
import { part, setText } from "./dom.ts";
import { checkOwnDraw } from "./line-check.ts";
import type { LineHost } from "./line-host.ts";
import { type Choice, type OwnStanding, showTicket, TicketStore } from "./line-ticket.ts";
import { TurnAlert } from "./turn-alert.ts";

/** Everybody learns their place at the same moment, so the requests are spread over this time. Milliseconds. */
const SPREAD_MS = 10_000;
/** The first look for the place comes when the beacon can be known. */
const DRAW_MS = 10_000;
/** Least time between two announcements to a screen reader, except about a change of the standing. */
const QUIET_MS = 30_000;

export class LinePanel {
  readonly #slot: HTMLElement;
  readonly #host: LineHost;
  readonly #tickets: TicketStore;
  readonly #alert = new TurnAlert();
  readonly #registration: { opensAt: number; closesAt: number };
  #line: PublicLine | undefined;
  #unitsLeft: number | undefined;
  #isCut = false;
  /** Where the server saw the visitor last. Null: not in line. */
  #own: OwnStanding | null = null;
  #shown: Standing | undefined;
  #quietUntil = 0;
  #asking = false;
  /** When to ask for the place: by the server's clock. */
  #askAt = Number.POSITIVE_INFINITY;

  constructor(slot: HTMLElement, host: LineHost) {
    const { registrationOpens, registrationCloses } = slot.dataset;
    this.#slot = slot;
    this.#host = host;
    this.#tickets = new TicketStore(host);
    this.#registration = {
      opensAt: Number(registrationOpens),
      closesAt: Number(registrationCloses),
    };
  }

  start(): void {
    this.#mountActions();
    const carried = this.#tickets.adoptFromAddress();
    if (carried || !this.#tickets.isEmpty) void this.#ask({ interactive: carried });
  }

  /** In how many milliseconds a visitor who waits should read the shared answer again. Undefined for all others. */
  get waitMs(): number | undefined {
    if (!this.#line || (this.#shown !== "undrawn" && this.#shown !== "waiting")) return undefined;
    return 1_000 * pollAfter(this.#line, this.#own?.place ?? null, this.#host.now(), Math.random());
  }

  /** After a look at the shared answer. `line` is undefined if it did not come, or does not have the line now. */
  onLive(
    line: PublicLine | undefined,
    { unitsLeft, isDegraded }: { unitsLeft: number | undefined; isDegraded: boolean },
  ): void {
    this.#line = line ?? this.#line;
    this.#isCut = isDegraded;
    if (line) {
      // An operator may have moved the times.
      this.#registration.opensAt = Date.parse(line.registrationOpensAt);
      this.#registration.closesAt = Date.parse(line.registrationClosesAt);
    }
    // The last count is better than none: the line still tells how many people are ahead.
    this.#unitsLeft = unitsLeft ?? this.#unitsLeft;
  }

  /** Another account may be signed in now. */
  onSessionChange(): void {
    if (this.#own) void this.#ask();
  }

  #state = (): LineState => ({
    line: this.#line,
    registration: this.#registration,
    joined: this.#own !== null,
    place: this.#own?.place ?? null,
    unitsLeft: this.#unitsLeft,
    isCut: this.#isCut,
    now: this.#host.now(),
  });

  /** Shows where the visitor stands. Returns the Buy buttons while it is not their turn. */
  paint(): (typeof NOT_YOUR_TURN)["apart"] | undefined {
    const state = this.#state();
    const standing = standingOf(state);
    const slot = this.#slot;
    slot.dataset.standing = standing;
    const [text, wait] = [lineText(state, this.#host.formatTime), waitText(state)];
    setText(part(slot, "line-text"), text);
    setText(part(slot, "line-wait"), wait);
    setText(part(slot, "line-count"), countText(this.#line));
    setText(part(slot, "line-notice"), operatorNotice(this.#line));
    setShown(part(slot, "line-join"), standing === "apart");
    setShown(part(slot, "line-options"), standing === "undrawn" || standing === "waiting");
    setShown(part(slot, "line-alert"), this.#alert.canAsk);
    setShown(part(slot, "line-check"), typeof this.#own?.place === "number");
    this.#announce(standing, `${text} ${wait}`);
    if (standing !== this.#shown) this.#enter(standing);
    this.#askWhenDrawn();
    if (standing === "admitted" || standing === "over") return undefined;
    return NOT_YOUR_TURN[state.joined ? "waiting" : "apart"];
  }

  /** Screen readers hear every change of the standing at once, and the rest rarely. */
  #announce(standing: Standing, text: string): void {
    const isNews = standing !== this.#shown && this.#shown !== undefined;
    const isWaiting = standing === "waiting" && performance.now() >= this.#quietUntil;
    if (!isNews && !isWaiting) return;
    this.#quietUntil = performance.now() + QUIET_MS;
    setText(part(this.#slot, "line-announce"), text);
  }

  #enter(standing: Standing): void {
    const before = this.#shown;
    this.#shown = standing;
    if (standing !== "admitted") return;
    if (before === "undrawn" || before === "waiting") this.#alert.ring();
    const { choice } = this.#tickets;
    this.#tickets.choice = undefined;
    // The Buy buttons change first.
    if (choice) setTimeout(() => pressBuy(choice));
  }

  /** Places are known some seconds after the close. Asks for one's own then, at a random moment. */
  #askWhenDrawn(): void {
    if (!this.#own || this.#own.place !== null) return;
    const now = this.#host.now();
    if (this.#askAt === Number.POSITIVE_INFINITY) {
      const drawn = Math.max(this.#registration.closesAt + DRAW_MS, now);
      this.#askAt = drawn + Math.random() * SPREAD_MS;
    }
    if (now < this.#askAt || this.#asking || isBeaconLate(this.#line)) return;
    this.#askAt = Number.POSITIVE_INFINITY;
    void this.#ask();
  }

  async #ask({ interactive = false } = {}): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    const slot = part(this.#slot, "line-challenge") as HTMLElement;
    try {
      const { standing, fault } = await showTicket(this.#tickets, this.#host, interactive && slot);
      setText(part(this.#slot, "line-message"), fault);
      if (standing !== undefined) this.#own = standing;
    } finally {
      this.#asking = false;
      this.#host.onChange();
    }
  }

  #mountActions(): void {
    const on = (name: string, act: () => void) =>
      part(this.#slot, name)?.addEventListener("click", act);
    on("line-join", () => {
      this.#alert.prepare();
      void this.#ask({ interactive: true });
    });
    on("line-alert", () => {
      this.#alert.prepare();
      void this.#alert.ask().then(this.#host.onChange);
    });
    on("line-share", () => this.#share());
    on("line-copy", () => void navigator.clipboard?.writeText(this.#tickets.link));
    on("line-check", () => void checkOwnDraw(this.#slot, this.#host, this.#own));
    this.#mountChoice();
  }

  #mountChoice(): void {
    const auto = part<HTMLInputElement>(this.#slot, "line-auto");
    const item = part<HTMLSelectElement>(this.#slot, "line-item");
    if (!auto || !item) return;
    const { choice } = this.#tickets;
    if (choice) {
      [auto.checked, item.value] = [true, choice.skuId];
      selectQuantity(choice);
    }
    const choose = () => {
      this.#tickets.choice = auto.checked ? choiceOf(item.value) : undefined;
    };
    auto.addEventListener("change", () => {
      this.#alert.prepare();
      choose();
    });
    // The quantities are in the cards of the items.
    document.addEventListener("change", choose);
  }

  #share(): void {
    const shared = part(this.#slot, "line-shared");
    const link = part<HTMLInputElement>(this.#slot, "line-link");
    if (!shared || !link) return;
    shared.hidden = false;
    link.value = this.#tickets.link;
    link.select();
  }
}

const formOf = (skuId: string): HTMLFormElement | null =>
  document.querySelector<HTMLFormElement>(`[data-sku="${skuId}"] [data-buy]`);

const quantityIn = (skuId: string) => formOf(skuId)?.querySelector("select");

const choiceOf = (skuId: string): Choice => ({
  skuId,
  quantity: Number(quantityIn(skuId)?.value ?? 1),
});

function selectQuantity({ skuId, quantity }: Choice): void {
  const select = quantityIn(skuId);
  if (select) select.value = String(quantity);
}

/** Buys as if the visitor pressed the button of the item. */
function pressBuy(choice: Choice): void {
  selectQuantity(choice);
  formOf(choice.skuId)?.dispatchEvent(new Event("submit", { cancelable: true }));
}

function setShown(element: HTMLElement | null, isShown: boolean): void {
  if (element) element.hidden = !isShown;
}
