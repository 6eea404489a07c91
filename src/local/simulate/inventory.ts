// The objects of the SKU. The code of the real ones decides every order, and moves the units between lanes.
import { decideConfirmFree, type Stock, type Terms } from "../../inventory/decide-order.ts";
import { decideReserve, type ReserveDecision } from "../../inventory/decide-reserve.ts";
import type { OrderRow } from "../../inventory/order.ts";
import { Lane } from "./lane.ts";
import { OPENS_AT, terms } from "./sale.ts";
import { Server } from "./server.ts";
import type { World } from "./world.ts";

/** Commands when a SKU is sold out: whether the filter of the buyers is stored, its lifetime, the filter, and the stock. */
const SOLD_OUT_COMMANDS = 4;

export interface Buyer {
  userId: string;
  /** Their orders. */
  mine: OrderRow[];
}

export class Inventory {
  /** The first one is the root. */
  readonly lanes: readonly [Lane, ...Lane[]];
  readonly #world: World;
  readonly #terms: Terms;
  /** Of all objects, if they share one. */
  readonly #thread: Server;
  /** Called for each accepted order. */
  readonly #onOrder: (lane: Lane, row: OrderRow) => void;
  #orders = 0;
  /** When the edges can read in Redis that everything is sold. */
  soldOutShownAt = Number.POSITIVE_INFINITY;

  constructor(world: World, onOrder: (lane: Lane, row: OrderRow) => void) {
    this.#world = world;
    this.#onOrder = onOrder;
    this.#terms = terms(world.scenario.isPaid);
    this.#thread = new Server("objects", world.limits.objectPerSecond);
    const others = Array.from({ length: world.scenario.lanes - 1 }, (_, n) => this.#newLane(n + 1));
    this.lanes = [this.#newLane(0), ...others];
    void this.lanes[0].spread();
  }

  #newLane(nth: number): Lane {
    const { scenario, limits } = this.#world;
    const { lanes: of, stock } = scenario;
    const name = of === 1 ? "object of the SKU" : nth === 0 ? "root of the lanes" : `lane ${nth}`;
    const server = limits.objectsShareThread
      ? this.#thread
      : new Server(name, limits.objectPerSecond);
    return new Lane(server, {
      ...{ nth, of, stock },
      call: (other, run) => this.#call(this.lanes[other] as Lane, run),
      onChange: () => this.#lookForEnd(),
    });
  }

  /** Units of all objects. */
  get stock(): Stock {
    const sum = (key: "held" | "sold") => this.lanes.reduce((total, lane) => total + lane[key], 0);
    const { stock } = this.#world.scenario;
    return { stocked: stock, held: sum("held"), sold: sum("sold") };
  }

  /** One call of an edge that comes now. `answer` runs when the edge has the decision. */
  reserve(lane: Lane, buyer: Buyer, answer: (decision: ReserveDecision) => void): void {
    const { calendar, limits } = this.#world;
    const reply = (decision: ReserveDecision) =>
      calendar.at(calendar.now + limits.hopMs, () => answer(decision));
    const decide = () => {
      const decided = lane.supply((isFinal) => this.#decide(lane, buyer, isFinal));
      if (decided instanceof Promise) void decided.then(reply);
      else reply(decided);
    };
    calendar.at(lane.server.serve(calendar.now + limits.hopMs), decide, lane.isOneOfSeveral);
  }

  /** A call of an object by another one. */
  async #call<T>(lane: Lane, run: (lane: Lane) => T | Promise<T>): Promise<T> {
    const { calendar, limits, tally } = this.#world;
    tally.laneCalls += 1;
    await calendar.until(lane.server.serve(calendar.now + limits.hopMs, limits.laneCallShare));
    const answer = await run(lane);
    await calendar.until(calendar.now + limits.hopMs);
    return answer;
  }

  /** @returns undefined if other lanes may have a unit */
  #decide(lane: Lane, buyer: Buyer, isFinal: boolean): ReserveDecision | undefined {
    const decision = this.#decisionOf(lane, buyer);
    if (!decision.ok) return decision.reason === "sold_out" && !isFinal ? undefined : decision;
    const { calendar, tally, scenario } = this.#world;
    lane.hold();
    lane.isChanged = true;
    tally.accept(calendar.now);
    if (tally.accepted === scenario.stock) tally.soldOutAt = calendar.now;
    this.#onOrder(lane, decision.row);
    this.#lookForEnd();
    return decision;
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

  /** The root publishes at once that no unit is left. */
  #lookForEnd(): void {
    const [root] = this.lanes;
    if (this.soldOutShownAt < Number.POSITIVE_INFINITY || !root.isSoldOut) return;
    const { calendar, redis, limits } = this.#world;
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
    if (decideConfirmFree(row, OPENS_AT + this.#world.calendar.now)) lane.sell();
  }
}
