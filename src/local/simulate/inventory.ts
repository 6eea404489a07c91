// The objects of the SKU: lanes that take orders, and a root that they draw units from when they run out. One lane alone has
// all units and no root. The code of the real object decides every order; units move by a simpler rule than the real one.
import {
  available,
  decideConfirmFree,
  type Stock,
  type Terms,
} from "../../inventory/decide-order.ts";
import { decideReserve, type ReserveDecision } from "../../inventory/decide-reserve.ts";
import type { OrderRow } from "../../inventory/order.ts";
import { OPENS_AT, terms } from "./sale.ts";
import { Server } from "./server.ts";
import type { World } from "./world.ts";

/** A lane draws at most this many units at a time, and fewer toward the end, so that all lanes end together. */
const UNITS_PER_DRAW = 100;
/** Commands when a SKU is sold out: whether the filter of the buyers is stored, its lifetime, the filter, and the stock. */
const SOLD_OUT_COMMANDS = 4;

export interface Lane {
  server: Server;
  stock: Stock;
  /** Decisions that wait for units on their way. */
  waiting: (() => void)[];
  isChanged: boolean;
}

export interface Buyer {
  userId: string;
  /** Their orders. */
  mine: OrderRow[];
}

export class Inventory {
  readonly lanes: Lane[];
  readonly root: Server | undefined;
  readonly #world: World;
  readonly #terms: Terms;
  /** Called for each accepted order. */
  readonly #onOrder: (lane: Lane, row: OrderRow) => void;
  /** Units that no lane has. */
  #rest: number;
  /** Units that nobody has, those on their way included. */
  #free: number;
  #orders = 0;
  /** When the edges can read in Redis that everything is sold. */
  soldOutShownAt = Number.POSITIVE_INFINITY;

  constructor(world: World, onOrder: (lane: Lane, row: OrderRow) => void) {
    const { scenario, limits } = world;
    const { lanes, stock, isPaid } = scenario;
    this.#world = world;
    this.#onOrder = onOrder;
    this.#terms = terms(isPaid);
    this.#free = stock;
    const isOne = lanes === 1;
    this.#rest = isOne ? 0 : stock;
    if (!isOne) this.root = new Server("root of the lanes", limits.objectPerSecond);
    this.lanes = Array.from({ length: lanes }, (_, nth) => ({
      server: new Server(isOne ? "object of the SKU" : `lane ${nth + 1}`, limits.objectPerSecond),
      stock: { stocked: isOne ? stock : 0, held: 0, sold: 0 },
      waiting: [],
      isChanged: false,
    }));
  }

  /** Units of all objects. */
  get stock(): Stock {
    const sum = (key: "held" | "sold") =>
      this.lanes.reduce((total, { stock }) => total + stock[key], 0);
    return {
      stocked: this.#free + sum("held") + sum("sold"),
      held: sum("held"),
      sold: sum("sold"),
    };
  }

  /** One call of an edge that comes now. `answer` runs when the edge has the decision. */
  reserve(lane: Lane, buyer: Buyer, answer: (decision: ReserveDecision) => void): void {
    const { calendar, limits } = this.#world;
    const served = lane.server.serve(calendar.now + limits.hopMs);
    calendar.at(served, () => this.#decide(lane, buyer, answer));
  }

  #decide(lane: Lane, buyer: Buyer, answer: (decision: ReserveDecision) => void): void {
    const { calendar, limits, tally, scenario } = this.#world;
    const { now } = calendar;
    const decision = this.#decisionOf(lane, buyer);
    if (!decision.ok && decision.reason === "sold_out" && this.#free > 0) {
      lane.waiting.push(() => this.#decide(lane, buyer, answer));
      if (lane.waiting.length === 1) this.#draw(lane);
      return;
    }
    if (decision.ok) {
      lane.stock.held += 1;
      lane.isChanged = true;
      this.#free -= 1;
      tally.accept(now);
      this.#onOrder(lane, decision.row);
      if (this.#free === 0) this.#soldOut();
    }
    if (scenario.lanes > 1 && decision.ok && this.#free === 0) this.#resumeAll();
    calendar.at(now + limits.hopMs, () => answer(decision));
  }

  #decisionOf({ stock }: Lane, { userId, mine }: Buyer): ReserveDecision {
    const state = { terms: this.#terms, stock, mine, aliases: [] };
    this.#orders += 1;
    const orderId = `${this.#orders}`;
    const payment = this.#world.scenario.isPaid ? { paymentToken: "tok" } : {};
    const askedAt = OPENS_AT + this.#world.calendar.now;
    const command = {
      userId,
      orderId,
      quantity: 1,
      idempotencyKey: orderId,
      fingerprint: "",
      askedAt,
    };
    return decideReserve(state, { ...command, ...payment }, askedAt);
  }

  /** Asks the root for units. If it has none, it takes half of what the richest lane has. */
  #draw(lane: Lane): void {
    const { calendar, limits, tally } = this.#world;
    const root = this.root as Server;
    tally.draws += 1;
    calendar.at(root.serve(calendar.now + limits.hopMs), () => {
      const units = Math.min(UNITS_PER_DRAW, Math.ceil(this.#rest / (2 * this.lanes.length)));
      this.#rest -= units;
      if (units > 0) return this.#bring(lane, units);
      const [richest] = this.lanes.toSorted((a, b) => available(b.stock) - available(a.stock));
      const asked = richest as Lane;
      tally.draws += 1;
      calendar.at(asked.server.serve(calendar.now + limits.hopMs), () => {
        const taken = Math.ceil(available(asked.stock) / 2);
        asked.stock.stocked -= taken;
        this.#bring(lane, taken, 2 * limits.hopMs);
      });
    });
  }

  #bring(lane: Lane, units: number, afterMs = this.#world.limits.hopMs): void {
    const { calendar } = this.#world;
    calendar.at(calendar.now + afterMs, () => {
      lane.stock.stocked += units;
      this.#resume(lane);
    });
  }

  #resume(lane: Lane): void {
    for (const decide of lane.waiting.splice(0)) decide();
  }

  /** Nothing is free anywhere, so nobody needs to wait for units. */
  #resumeAll(): void {
    for (const lane of this.lanes) this.#resume(lane);
  }

  #soldOut(): void {
    const { calendar, tally, redis, limits } = this.#world;
    tally.soldOutAt = calendar.now;
    this.soldOutShownAt = redis.serve(calendar.now, SOLD_OUT_COMMANDS) + limits.redisMs;
  }

  /** Each object publishes its stock once a second while it changes. */
  publish(): void {
    for (const lane of this.lanes) {
      if (lane.isChanged) this.#world.redis.serve(this.#world.calendar.now);
      lane.isChanged = false;
    }
  }

  /** A free order is confirmed when the consumer claims it. */
  claim(lane: Lane, row: OrderRow): void {
    if (decideConfirmFree(row, OPENS_AT + this.#world.calendar.now)) this.sell(lane);
  }

  /** The units of a held order are sold. */
  sell({ stock }: Lane): void {
    stock.held -= 1;
    stock.sold += 1;
  }
}
