// Finds the object of a buyer, also while the number of lanes changes. A buyer who has an order belongs to the lane that has it. Anyone
// else belongs to one lane by the newest layout. That lane takes them only once every lane that might have had them before has adopted
// the layout, and does not know them. A lane never takes a new buyer whom its layout gives to another one. So no two lanes take the
// same buyer: of two, the one with the newer layout would have learned of the other's order, or of none that could still come.
import { BuyerFilter, buyerHash } from "../buyers.ts";
import type { Setup } from "../decide-stock.ts";
import { type Layout, type OrderAddress, ROOT } from "../order-id.ts";
import type { UnitOfWork } from "../unit-of-work.ts";
import { afterChange, layoutOf } from "./escrow.ts";
import { homesOf } from "./lane-of.ts";
import type { LaneStub } from "./stub.ts";

/** Says that the buyer belongs to another lane by now. */
export const MOVED = Symbol("moved");

/** The object of a buyer, as another one calls it. */
export interface Home {
  address: OrderAddress;
  stub: LaneStub;
  /** The layout of the caller, which the called object adopts if it is newer. */
  layout: Layout;
}

/** Answers about single buyers that are kept in memory. */
const MAX_ASKED = 10_000;

type HomesWork = {
  ledger: Pick<UnitOfWork["ledger"], "setup" | "saveSetup" | "hasBuyer">;
};

export class Homes {
  readonly #work: HomesWork;
  readonly #at: (lane: number) => LaneStub;
  readonly #isLane: boolean;
  /** The revision of the layout under which other lanes answered. They take no new buyers whom it gives to this lane. */
  #since = 0;
  readonly #buyers = new Map<number, BuyerFilter>();
  readonly #asked = new Map<string, boolean>();
  readonly #asking = new Map<string, Promise<void>>();

  /** @param isLane whether the object's name says that it is a lane, also before it is configured */
  constructor(work: HomesWork, at: (lane: number) => LaneStub, isLane: boolean) {
    this.#work = work;
    this.#at = at;
    this.#isLane = isLane;
  }

  /** Adopts a layout that is newer. Written before any answer leaves. @throws if the lane has not been configured */
  adopt(layout: Layout | undefined): void {
    const { setup } = this.#work.ledger;
    // It must not say that its SKU is unknown, and never become a second root.
    const isUnknown = this.#isLane ? !setup?.share : !setup && layout;
    if (isUnknown) throw new Error("this lane is not configured yet");
    if (!setup || !layout) return;
    const after = afterChange(setup, layout);
    if (after !== setup) this.#work.ledger.saveSetup(after);
  }

  /** Whether a buyer belongs to this object now, as far as it knows without asking. */
  isHere(userId: string): boolean {
    return this.#find(userId) === this.#here;
  }

  /**
   * Runs work for a buyer at their object.
   *
   * @param layout what the caller knows
   * @param own runs here. If it waits and the buyer has moved meanwhile, it returns `MOVED`, and the work goes to the other lane
   */
  run<T>(
    userId: string,
    layout: Layout | undefined,
    own: () => T | Promise<T | typeof MOVED>,
    theirs: (home: Home) => Promise<T>,
  ): T | Promise<T> {
    this.adopt(layout);
    const found = this.#find(userId);
    const again = () => this.run(userId, undefined, own, theirs);
    if (found instanceof Promise) return found.then(again);
    if (found !== this.#here) {
      const { skuId } = this.#work.ledger.setup as Setup;
      const address = { skuId, lane: found };
      return theirs({ address, stub: this.#at(found), layout: this.#layout });
    }
    const result = own();
    if (!(result instanceof Promise)) return result;
    return result.then((value) => (value === MOVED ? again() : (value as T)));
  }

  get #layout(): Layout {
    return layoutOf(this.#work.ledger.setup ?? { stocked: 0 });
  }

  get #here(): number {
    return this.#work.ledger.setup?.share?.lane ?? ROOT;
  }

  /** The lane of a buyer, or a promise after which to look again. */
  #find(userId: string): number | Promise<void> {
    const layout = this.#layout;
    if (layout.since !== this.#since) {
      this.#since = layout.since;
      this.#buyers.clear();
      this.#asked.clear();
    }
    const here = this.#here;
    const [home, ...former] = homesOf(userId, layout);
    if (former.length === 0) return home;
    if (this.#work.ledger.hasBuyer(userId)) return here;
    if (home !== here) return home;
    for (const lane of former) {
      const buyers = this.#buyers.get(lane);
      if (!buyers) return this.#learnBuyers(lane, layout);
      if (!buyers.mayHave(buyerHash(userId))) continue;
      const isTheirs = this.#asked.get(`${lane} ${userId}`);
      if (isTheirs === undefined) return this.#ask(lane, userId, layout);
      if (isTheirs) return lane;
    }
    return here;
  }

  /** Reads all buyers of a lane at once, so that a rush to new lanes does not ask the old one about each person. */
  #learnBuyers(lane: number, layout: Layout): Promise<void> {
    return this.#once(`${lane}`, async () => {
      const buyers = BuyerFilter.parse(await this.#at(lane).buyersUnder(layout));
      if (!buyers) throw new Error("the buyers of a lane cannot be read");
      if (layout.since === this.#since) this.#buyers.set(lane, buyers);
    });
  }

  #ask(lane: number, userId: string, layout: Layout): Promise<void> {
    return this.#once(`${lane} ${userId}`, async () => {
      const isTheirs = await this.#at(lane).hasBuyer(userId, layout);
      if (layout.since !== this.#since) return;
      if (this.#asked.size >= MAX_ASKED) this.#asked.clear();
      this.#asked.set(`${lane} ${userId}`, isTheirs);
    });
  }

  #once(key: string, ask: () => Promise<void>): Promise<void> {
    const asking =
      this.#asking.get(key) ??
      ask().finally(() => {
        this.#asking.delete(key);
      });
    this.#asking.set(key, asking);
    return asking;
  }
}
