// The line on a sale's page: joining it, where the visitor stands, and what happens at their turn. A script of its own,
// which only sales with a line load. Everything shared comes from the answer that all visitors read; only the
// ticket is personal.
import type { PublicLine } from "../../admission/public-line.ts";
import { pollAfter } from "../../admission/standing.ts";
import {
  isBeaconLate,
  type LineState,
  notYourTurn,
  type Standing,
  standingOf,
} from "../copy/line.ts";
import type { Stock } from "../copy/sale.ts";
import type { Halt } from "../copy/stop.ts";
import { Alert } from "./alert.ts";
import { part, setText } from "./dom.ts";
import { mountDraw } from "./line-check.ts";
import { AutoBuy } from "./line-choice.ts";
import { askServer, continueQuestion, type Question } from "./line-join.ts";
import { LineShare } from "./line-share.ts";
import { type OwnStanding, TicketStore } from "./line-ticket.ts";
import { LineView, unitsOnPage } from "./line-view.ts";
import type { LineHost } from "./panel-host.ts";

/** Everybody learns their place at the same moment, so the requests are spread over this time. Milliseconds. */
const SPREAD_MS = 10_000;
/** The first look for the place comes when the beacon can be known. */
const DRAW_MS = 10_000;

/** A visitor in a line that is not known yet looks soon. */
const UNKNOWN_MS = 2_000;

export class LinePanel {
  readonly #slot: HTMLElement;
  readonly #host: LineHost;
  readonly #tickets: TicketStore;
  readonly #view: LineView;
  readonly #autoBuy: AutoBuy;
  readonly #share: LineShare;
  readonly #alert = new Alert();
  readonly #registration: { opensAt: number; closesAt: number };
  #line: PublicLine | undefined;
  #units: LineState["units"];
  #isCut = false;
  /** Where the server saw the visitor last. Null: not in line. */
  #own: OwnStanding | null = null;
  #shown: Standing | undefined;
  /** The question that the server is asked now, and the one to ask after it. */
  #asked: Question | undefined;
  #next: Question | undefined;
  #asking: Promise<void> | undefined;
  /** When to ask for the place: by the server's clock. */
  #askAt = Number.POSITIVE_INFINITY;

  constructor(slot: HTMLElement, host: LineHost) {
    const { registrationOpens, registrationCloses } = slot.dataset;
    this.#slot = slot;
    this.#host = host;
    this.#tickets = new TicketStore(host);
    this.#view = new LineView(slot, host);
    this.#share = new LineShare(slot, this.#tickets);
    this.#autoBuy = new AutoBuy(slot, this.#tickets, () => this.#alert.prepare());
    this.#registration = {
      opensAt: Number(registrationOpens),
      closesAt: Number(registrationCloses),
    };
  }

  start(): void {
    this.#mountActions();
    mountDraw(this.#slot, this.#host, () => this.#own);
    // Another tab joined.
    addEventListener("storage", ({ key }) => {
      if (key === this.#tickets.key && !this.#own) void this.#ask();
    });
    const left = continueQuestion(this.#tickets, this.#host.saleId);
    this.#tickets.adoptFromAddress();
    const isCarried = this.#tickets.carried !== undefined;
    if (left || isCarried) void this.#ask({ interactive: true, ...left });
    else this.onSessionChange();
  }

  /** In how many milliseconds a visitor who waits should read the shared answer again. Undefined for all others. */
  get waitMs(): number | undefined {
    if (this.#shown !== "undrawn" && this.#shown !== "waiting") return undefined;
    // The page may be hidden before it knows the line.
    if (!this.#line) return UNKNOWN_MS * (1 + Math.random());
    return 1_000 * pollAfter(this.#line, this.#own?.place ?? null, this.#host.now(), Math.random());
  }

  /** Whether the line is over, and so only a restock is news. */
  get isOver(): boolean {
    return this.#shown === "over";
  }

  /** After a look at the shared answer. `line` is undefined if it did not come, or does not have the line now. */
  onLive(
    line: PublicLine | undefined,
    live: { stockOf(skuId: string): Stock | undefined; isDegraded: boolean },
  ): void {
    this.#line = line ?? this.#line;
    this.#isCut = live.isDegraded;
    if (line) {
      // An operator may have moved the times. Places are then drawn at another time as well.
      const closesAt = Date.parse(line.registrationClosesAt);
      if (closesAt !== this.#registration.closesAt) this.#askAt = Number.POSITIVE_INFINITY;
      this.#registration.opensAt = Date.parse(line.registrationOpensAt);
      this.#registration.closesAt = closesAt;
    }
    // The last count is better than none: the line still tells how many people are ahead.
    this.#units = unitsOnPage(live.stockOf) ?? this.#units;
  }

  /** Another account may be signed in now. An account that is not in line does not join by that. */
  onSessionChange(): void {
    if (!this.#tickets.isEmpty) void this.#ask();
  }

  #state = (): LineState => ({
    line: this.#line,
    registration: this.#registration,
    joined: this.#own !== null,
    place: this.#own?.place ?? null,
    units: this.#units,
    isCut: this.#isCut,
    now: this.#host.now(),
  });

  /** Shows where the visitor stands. Returns the Buy buttons while it is not their turn. */
  paint(): Halt | undefined {
    const state = this.#state();
    const standing = standingOf(state);
    this.#view.paint(state, this.#alert.canAsk);
    if (standing !== this.#shown) this.#enter(standing);
    this.#askWhenDrawn();
    if (standing === "admitted" || standing === "over") return undefined;
    return notYourTurn(state.joined, this.#host.wording);
  }

  #enter(standing: Standing): void {
    const before = this.#shown;
    this.#shown = standing;
    if (standing !== "admitted") return;
    const { buyNow, yourTurn } = this.#host.wording.words.line;
    if (before === "undrawn" || before === "waiting") this.#alert.ring(buyNow, "turn", yourTurn);
    void this.#buyAsChosen();
  }

  /** The visitor may have changed accounts on a page of the shop: only the account that chose it buys. */
  async #buyAsChosen(): Promise<void> {
    const { choice } = this.#autoBuy;
    const userId = this.#own?.userId;
    if (!choice) return;
    await this.#ask();
    if (this.#own?.userId === userId) this.#autoBuy.buy(choice);
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

  /** Asks the server, one question at a time. A second press while the first one is open does nothing. */
  #ask(question: Question = {}): Promise<void> {
    if (!(question.interactive && this.#asked?.interactive))
      this.#next = { ...this.#next, ...question };
    this.#asking ??= this.#askAll();
    return this.#asking;
  }

  async #askAll(): Promise<void> {
    const slot = part(this.#slot, "line-challenge") as HTMLElement;
    try {
      while (this.#next) {
        this.#asked = this.#next;
        this.#next = undefined;
        const { standing, fault } = await askServer(this.#tickets, this.#host, slot, this.#asked);
        setText(part(this.#slot, "line-message"), fault);
        if (standing !== undefined) this.#own = standing;
        this.#autoBuy.show(this.#own?.userId);
        this.#share.update();
      }
    } finally {
      this.#asked = undefined;
      this.#asking = undefined;
      this.#host.onChange();
    }
  }

  #mountActions(): void {
    part(this.#slot, "line-join")?.addEventListener("click", () => {
      this.#alert.prepare();
      void this.#ask({ join: true, interactive: true });
    });
    part(this.#slot, "line-alert")?.addEventListener("click", () => {
      this.#alert.prepare();
      void this.#alert.ask().then(this.#host.onChange);
    });
  }
}
