// The objects that share a SKU, as one of them sees them. A SKU with one object has none of this: no call, no row, no wait. What
// concerns the whole SKU goes to its root, which asks the other lanes.
import type { ConfigureCommand, Setup } from "../decide-stock.ts";
import { type Layout, type OrderRef, ROOT, skuOf } from "../order-id.ts";
import type { UnitOfWork } from "../unit-of-work.ts";
import { isLane, isRoot, layoutOf, totalUnits } from "./escrow.ts";
import { Homes } from "./homes.ts";
import { LaneSide } from "./lane-side.ts";
import { RootSide } from "./root-side.ts";
import { type Configured, type LaneStub, type LanesEnv, laneAt } from "./stub.ts";

export class Lanes {
  readonly #env: LanesEnv;
  readonly #work: UnitOfWork;
  readonly root: RootSide;
  readonly lane: LaneSide;
  readonly homes: Homes;
  #isSettling = false;
  #buyers: { since: number; text: Promise<string> } | undefined;

  /** @param name the object's */
  constructor(env: LanesEnv, work: UnitOfWork, name = "") {
    this.#env = env;
    this.#work = work;
    this.root = new RootSide(work, (lane) => this.#at(lane));
    this.lane = new LaneSide(work, () => this.#at(ROOT));
    this.homes = new Homes(work, (lane) => this.#at(lane), skuOf(name) !== name);
    work.onSaved = () => this.#saved();
    work.published.isDry = () => (isRoot(this.#setup) ? this.root.isDry : undefined);
  }

  /** Runs `attempt` with as many units as it needs, if they are free anywhere. It is final once none are. */
  supply<T>(quantity: number, attempt: (isFinal: boolean) => T | undefined): T | Promise<T> {
    // Alone, the first attempt is final.
    return this.#side?.supply(quantity, attempt) ?? (attempt(true) as T);
  }

  /** Runs work for which these units are to be free here, if there are so many anywhere. */
  withFree<T>(quantity: () => number, work: () => Promise<T>): Promise<T> {
    const units = this.#side ? quantity() : 0;
    return units > 0 && this.#side ? this.#side.withFree(units, work) : work();
  }

  /** Gives back what may not stay at a lane. Call it when the object woke, and when the lanes may have changed. */
  settle(): void {
    if (isLane(this.#setup)) this.lane.settle();
  }

  /** Learns of a layout from another lane. */
  adopt(layout: Layout): void {
    this.homes.adopt(layout);
    this.settle();
  }

  /** A filter of everyone who ever had an order here. Read once for each layout: under it, nobody joins whom another lane may take. */
  buyers(): Promise<string> {
    const { since } = layoutOf(this.#setup as Setup);
    if (this.#buyers?.since !== since) {
      const text = this.#work.ledger.buyers.filter().then(String);
      this.#buyers = { since, text };
    }
    return this.#buyers.text;
  }

  /** Resolves once units that were freed are on sale again, or the root did not answer. */
  async told(): Promise<void> {
    if (isLane(this.#setup)) await this.lane.told();
  }

  /** The number of objects that ever had a part in the SKU, at its root. 1 in every other object. */
  get of(): number {
    return isRoot(this.#setup) ? this.#setup.account.loans.length + 1 : 1;
  }

  /** The lane of this object. */
  get here(): number {
    return isLane(this.#setup) ? this.#setup.share.lane : ROOT;
  }

  /** Asks all other lanes at the same time. Nobody, if this is not the root of several. */
  others<T>(ask: (lane: LaneStub, n: number) => Promise<T>): Promise<T[]> {
    const lanes = Array.from({ length: this.of - 1 }, (_, n) => n + 1);
    return Promise.all(lanes.map((lane) => ask(this.#at(lane), lane)));
  }

  /**
   * A page of all lanes, one lane after the other. The cursor's order id names its lane.
   *
   * @param own reads a page of this object. @param theirs reads one of another lane
   */
  walk<Page extends { next: OrderRef | null }>(
    after: OrderRef | null,
    own: () => Page | Promise<Page>,
    theirs: (lane: LaneStub) => Promise<Page>,
  ): Page | Promise<Page> {
    if (this.of === 1) return own();
    // The cursor of a lane that never existed wakes no object.
    const lane = after ? Math.min(laneIn(after), this.of - 1) : ROOT;
    return this.#pageOf(lane, own, theirs);
  }

  async #pageOf<Page extends { next: OrderRef | null }>(
    lane: number,
    own: () => Page | Promise<Page>,
    theirs: (lane: LaneStub) => Promise<Page>,
  ): Promise<Page> {
    const page = lane === ROOT ? await own() : await theirs(this.#at(lane));
    if (page.next || lane + 1 >= this.of) return page;
    return { ...page, next: startOf((this.#setup as Setup).skuId, lane + 1) };
  }

  /** Configures the SKU: this object, and from the root all others. The answer counts the units of all. */
  async configureAll(command: ConfigureCommand, own: () => Configured): Promise<Configured> {
    const total = this.#setup ? totalUnits(this.#setup) : 0;
    // Units can be taken off sale only where they are free.
    if (command.offer && command.offer.stock < total) await this.root.collect();
    const mine = own();
    const theirs = await this.others((object, lane) => object.configure({ ...command, lane }));
    if (command.offer) await this.root.spread();
    this.root.settle();
    const all = [mine, ...theirs];
    const { countedSale, ...setup } = mine;
    const isCounted = all.every((each) => each.countedSale === countedSale);
    return {
      ...setup,
      stocked: totalUnits(mine),
      ...(isCounted && countedSale !== undefined ? { countedSale } : {}),
      everSold: all.some(({ everSold }) => everSold),
    };
  }

  get #setup(): Setup | null {
    return this.#work.ledger.setup;
  }

  get #side(): RootSide | LaneSide | undefined {
    if (isRoot(this.#setup)) return this.root;
    return isLane(this.#setup) ? this.lane : undefined;
  }

  #at(lane: number): LaneStub {
    return laneAt(this.#env, { skuId: (this.#setup as Setup).skuId, lane });
  }

  /** Units may have become free. Others of the same command may still take them, so it is decided after the command. */
  #saved(): void {
    if (!this.#side || this.#isSettling) return;
    this.#isSettling = true;
    queueMicrotask(() => {
      this.#isSettling = false;
      this.#side?.settle();
    });
  }
}

/** The lane of a cursor, which may be the start of a lane and not an order. */
const laneIn = ({ orderId }: OrderRef): number => Number(orderId.split(".")[1]);

/** Before the first order of a lane. */
const startOf = (skuId: string, lane: number): OrderRef => ({
  userId: "",
  orderId: `${skuId}.${lane}.`,
});
