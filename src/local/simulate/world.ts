// The state that all parts of a simulation share: the clock, the limits, Redis, the edges, and the counters.
import type { Calendar } from "./calendar.ts";
import type { Limits } from "./limits.ts";
import type { Server } from "./server.ts";

export interface Scenario {
  people: number;
  stock: number;
  colos: number;
  /** Objects that share the stock. The first of several is their root. */
  lanes: number;
  /** Everybody presses Buy within this time. */
  seconds: number;
  isPaid: boolean;
  /** Of the sale's line: people who are admitted per second. Absent: no line. */
  linePerSecond?: number;
  /** The share of the buyers who try again at once, for a second unit. */
  comesBack: number;
  seed: number;
}

export interface World {
  calendar: Calendar;
  limits: Limits;
  scenario: Scenario;
  redis: Server;
  /** Requests at all edges: attempts, and the looks of those who wait. */
  edges: Server;
  random(): number;
  tally: Tally;
}

/** Times are milliseconds since the opening. */
export class Tally {
  /** Attempts that were refused, by reason. People who are told to come again are refused several times. */
  readonly refusals = new Map<string, number>();
  attempts = 0;
  /** Attempts that no Redis counted, because its breaker was open or it failed. */
  uncounted = 0;
  accepted = 0;
  /** People whose page showed that everything is sold after their last try. */
  toldByPage = 0;
  /** Orders of each second. */
  readonly ordersPerSecond: number[] = [];
  queueOperations = 0;
  /** Payments that started after the longest time for which a hold's clock stands still. */
  latePayments = 0;
  /** Calls between lanes to move units. */
  laneCalls = 0;
  /** When the last unit was taken. */
  soldOutAt: number | undefined;
  lastAnswerAt = 0;
  /** When the last order was final and in the read model. */
  settledAt = 0;

  refuse(reason: string, count: number): void {
    if (count > 0) this.refusals.set(reason, (this.refusals.get(reason) ?? 0) + count);
  }

  accept(at: number): void {
    const second = Math.floor(at / 1_000);
    while (this.ordersPerSecond.length <= second) this.ordersPerSecond.push(0);
    this.ordersPerSecond[second] = (this.ordersPerSecond[second] ?? 0) + 1;
    this.accepted += 1;
  }
}
