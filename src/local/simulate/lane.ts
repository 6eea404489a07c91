// One object of the SKU: its units, and the real code that moves them between the objects. One alone has all units.
import { available, type Stock } from "../../inventory/decide-order.ts";
import type { Setup } from "../../inventory/decide-stock.ts";
import { accountsOf, type LaneReport, type RootWord } from "../../inventory/lanes/escrow.ts";
import { LaneSide } from "../../inventory/lanes/lane-side.ts";
import { RootSide } from "../../inventory/lanes/root-side.ts";
import type { ExchangeAnswer } from "../../inventory/lanes/stub.ts";
import { ROOT } from "../../inventory/order-id.ts";
import { SKU_ID } from "./sale.ts";
import type { Server } from "./server.ts";

/** How an object calls another one of the SKU. */
type Call = <T>(lane: number, run: (lane: Lane) => T | Promise<T>) => Promise<T>;

interface Options {
  nth: number;
  /** The number of objects. */
  of: number;
  /** All units of the SKU. */
  stock: number;
  call: Call;
  /** Called when its units changed, or what the root knows of those of the others. */
  onChange: () => void;
}

export class Lane {
  readonly server: Server;
  /** Units of orders. */
  held = 0;
  sold = 0;
  /** Whether it has to publish its stock. */
  isChanged = false;
  #setup: Setup;
  #root: RootSide | undefined;
  #lane: LaneSide | undefined;

  constructor(server: Server, { nth, of, stock, call, onChange }: Options) {
    this.server = server;
    const stocked = nth === ROOT ? stock : 0;
    const accounts = accountsOf(nth, of);
    this.#setup = { skuId: SKU_ID, revision: 1, terms: null, stocked, ...accounts };
    const work = this.#work(onChange);
    if (accounts.account) {
      this.#root = new RootSide(work, (lane) => ({
        collected: (word) => call(lane, (other) => other.#hear(word)),
      }));
    }
    if (accounts.share) {
      this.#lane = new LaneSide(work, () => ({
        exchange: (report, wants) => call(ROOT, (root) => root.#exchange(report, wants)),
      }));
    }
  }

  get stock(): Stock {
    return { stocked: this.#setup.stocked, held: this.held, sold: this.sold };
  }

  /** Of the root: whether it knows that no unit is left. */
  get isSoldOut(): boolean {
    return available(this.stock) === 0 && (this.#root?.isDry ?? true);
  }

  get isOneOfSeveral(): boolean {
    return this.#side !== undefined;
  }

  /** As when the sale is configured. */
  async spread(): Promise<void> {
    await this.#root?.spread();
  }

  /** Runs an attempt as the real object does: it is final once no unit is free anywhere. */
  supply<T>(attempt: (isFinal: boolean) => T | undefined): T | Promise<T> {
    return this.#side?.supply(1, attempt) ?? (attempt(true) as T);
  }

  /** Takes a unit. */
  hold(): void {
    this.held += 1;
    // As in the real object, after the command.
    queueMicrotask(() => this.#side?.settle());
  }

  /** The unit of an order is sold. */
  sell(): void {
    this.held -= 1;
    this.sold += 1;
  }

  get #side(): RootSide | LaneSide | undefined {
    return this.#root ?? this.#lane;
  }

  /** Nothing fails here and no hold ends, so no alarm is needed. */
  #work(onChange: () => void) {
    const lane = this;
    return {
      ledger: {
        get setup() {
          return lane.#setup;
        },
        get stock() {
          return lane.stock;
        },
        saveSetup(setup: Setup) {
          lane.#setup = setup;
        },
      },
      published: { stockChanged: onChange },
      expireEnded() {},
      wakeBy() {},
    };
  }

  #exchange(report: LaneReport, wants: number): Promise<ExchangeAnswer> {
    return (this.#root as RootSide).exchange(report, wants);
  }

  #hear(word: RootWord): LaneReport {
    return (this.#lane as LaneSide).hear(word);
  }
}
