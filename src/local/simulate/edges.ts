// The edges: what each colo does with the attempts of its people, step by step. Attempts that reach an object are single
// events; the others of a colo and step are counted together, because there are too many of them.
import { briskSpans, rhythmAt } from "../../catalog/rhythm.ts";
import { nextShed, SLOW_MS, shareAt } from "../../funnel/decide-shed.ts";
import type { ReserveDecision } from "../../inventory/decide-reserve.ts";
import type { OrderRow } from "../../inventory/order.ts";
import { spread, wholePart } from "./chance.ts";
import { type Colo, FAILED_PAUSE_MS, makeColos } from "./colo.ts";
import type { Crowd } from "./crowd.ts";
import type { Inventory } from "./inventory.ts";
import type { Lane } from "./lane.ts";
import { CLOSES_AT, OPENS_AT } from "./sale.ts";
import { Server } from "./server.ts";
import type { World } from "./world.ts";

/** As in `src/pages/browser/submit-order.ts`: tries of one press, and the pause that a 503 asks for, with its jitter. */
const TRIES = 6;
const LEAST_PAUSE_MS = 2_000;
const MOST_PAUSE_MS = 10_000;
/** As in `src/funnel/sold-out.ts`: one attempt at a time asks for the buyers of a SKU that may be sold out, for this long. */
const ASKING_MS = 1_000;
/** The share of strangers that the filter of the buyers lets through (`src/inventory/buyers.ts`). */
const FALSE_POSITIVES = 0.02;
/** A reading is fresh for up to a quarter less (`src/edge/freshness.ts`). */
const JITTER = 0.25;
/** Signs of overload that one step gives: more change nothing. */
const MOST_SIGNS = 9;

/** Attempts by try. The first try of the first press is unmarked, so the edge may refuse it from memory. */
const FIRST = 0;
/** A further press: its first try is marked as well. */
const PRESSED_AGAIN = TRIES;
const KINDS = TRIES + 1;

export class Edges {
  readonly #world: World;
  readonly #inventory: Inventory;
  readonly #crowd: Crowd;
  readonly #colos: Colo[];
  readonly #spans = briskSpans([
    {
      opensAt: new Date(OPENS_AT).toISOString(),
      closesAt: new Date(CLOSES_AT).toISOString(),
      admission: { mode: "open" },
    },
  ]);
  readonly #stepMs: number;
  readonly #ring: number;
  #steps = 0;
  #come = 0;
  #left = 0;
  #users = 0;
  #wishes = 0;
  /** Refuses from memory. Nobody waits where the platform starts as many isolates as it needs. */
  readonly #memory: Server;

  constructor(world: World, inventory: Inventory, crowd: Crowd, stepMs: number) {
    this.#world = world;
    this.#inventory = inventory;
    this.#crowd = crowd;
    this.#stepMs = stepMs;
    this.#ring = Math.ceil(MOST_PAUSE_MS / stepMs) + 1;
    const { isolates, isolatePerSecond } = world.limits;
    this.#memory = new Server("memory of the edges", isolates * isolatePerSecond);
    this.#colos = makeColos(world, this.#ring * KINDS);
  }

  /** People who have pressed Buy and have no last answer yet. */
  get waiting(): number {
    return this.#come - this.#left;
  }

  /** Whether everybody came and has an answer. */
  isOver(): boolean {
    return this.#crowd.isOver() && this.waiting === 0;
  }

  /** One step of all colos. Another one begins each time, so that none is always served first. */
  step(): void {
    const { calendar } = this.#world;
    const come = this.#crowd.come(calendar.now);
    this.#come += come;
    const random = this.#world.random();
    /** How many of them belong to the first colos: not always the same if there are few. */
    const belong = (until: number) => Math.floor(come * until + random);
    const slot = (this.#steps % this.#ring) * KINDS;
    this.#steps += 1;
    const count = this.#colos.length;
    for (let nth = 0; nth < count; nth += 1) {
      const at = (nth + this.#steps) % count;
      const colo = this.#colos[at] as Colo;
      this.#poll(colo);
      const from = this.#colos[at - 1]?.until ?? 0;
      this.#attempt(colo, FIRST, belong(colo.until) - belong(from));
      for (let kind = 0; kind < KINDS; kind += 1) {
        const people = colo.due[slot + kind] as number;
        colo.due[slot + kind] = 0;
        if (people > 0) this.#attempt(colo, kind, people);
      }
    }
  }

  /** Reads the stock at the rhythm of the sale. */
  #poll(colo: Colo): void {
    const { calendar, random } = this.#world;
    const { now } = calendar;
    if (now < colo.pollAt) return;
    const isAnswered = colo.redis.call(1, 1) === 1;
    const { freshMs } = rhythmAt(this.#spans, OPENS_AT + now);
    colo.pollAt = now + (isAnswered ? freshMs * (1 - JITTER * random()) : FAILED_PAUSE_MS);
    if (!isAnswered || this.#inventory.soldOutShownAt > now) return;
    for (const lane of this.#inventory.lanes) colo.soldOut.add(lane);
  }

  /** Spreads attempts over the lanes, as the hash of their users does. */
  #attempt(colo: Colo, kind: number, attempts: number): void {
    if (attempts <= 0) return;
    const { calendar, random, tally, edges } = this.#world;
    tally.attempts += attempts;
    edges.record(calendar.now, attempts);
    const { lanes } = this.#inventory;
    const each = Math.floor(attempts / lanes.length);
    const rest = attempts - each * lanes.length;
    const first = Math.floor(random() * lanes.length);
    for (let nth = 0; nth < lanes.length; nth += 1) {
      const lane = lanes[(first + nth) % lanes.length] as Lane;
      const come = each + (nth < rest ? 1 : 0);
      if (come > 0) this.#attemptAt(lane, colo, kind, come);
    }
  }

  /** The stages of the funnel that matter here, in their order. The object takes what its queue has room for. */
  #attemptAt(lane: Lane, colo: Colo, kind: number, attempts: number): void {
    const { calendar, random, tally, limits } = this.#world;
    const { now } = calendar;
    const isSoldOut = colo.soldOut.has(lane);
    let left = attempts;
    if (isSoldOut && kind === FIRST) {
      left = wholePart(attempts * FALSE_POSITIVES, random);
      this.#refuseFromMemory(attempts - left);
    }
    const shed = colo.shed ? wholePart(left * shareAt(colo.shed, now), random) : 0;
    this.#comeAgain(colo, kind, shed);
    left -= shed;
    const commands = limits.limitCommands + (isSoldOut ? 0 : limits.markCommands);
    const counted = colo.redis.call(left, commands);
    tally.uncounted += left - counted;
    const refused = left - this.#toObject(colo, lane, left);
    for (let nth = 0; nth < Math.min(refused, MOST_SIGNS); nth += 1) {
      colo.shed = nextShed(colo.shed, "overloaded", now);
    }
    this.#comeAgain(colo, kind, refused);
  }

  #refuseFromMemory(people: number): void {
    const { calendar, tally } = this.#world;
    if (people === 0) return;
    tally.refuse("sold_out", people);
    calendar.at(this.#memory.serve(calendar.now, people), () => this.#leave(people));
  }

  /** @returns how many the object's queue took */
  #toObject(colo: Colo, lane: Lane, attempts: number): number {
    const { calendar, limits } = this.#world;
    const free = limits.objectQueueMs - lane.server.waitMs(calendar.now);
    const room = Math.max(0, Math.floor((free * limits.objectPerSecond) / 1_000));
    const taken = Math.min(attempts, room);
    for (let nth = 0; nth < taken; nth += 1) this.#reserve(colo, lane);
    return taken;
  }

  #reserve(colo: Colo, lane: Lane): void {
    const { calendar } = this.#world;
    this.#users += 1;
    const userId = `user-${this.#users}`;
    const sentAt = calendar.now;
    const asks = !colo.soldOut.has(lane) && (colo.asking.get(lane) ?? 0) <= sentAt;
    if (asks) colo.asking.set(lane, sentAt + ASKING_MS);
    this.#inventory.reserve(lane, { userId, mine: [] }, (decision) => {
      if (asks) colo.asking.delete(lane);
      if (asks && !decision.ok && decision.reason === "sold_out") colo.soldOut.add(lane);
      const isSlow = calendar.now - sentAt > SLOW_MS;
      colo.shed = nextShed(colo.shed, isSlow ? "overloaded" : "fine", calendar.now);
      this.#answered(colo, lane, userId, decision);
    });
  }

  #answered(colo: Colo, lane: Lane, userId: string, decision: ReserveDecision): void {
    const { tally } = this.#world;
    if (decision.ok && this.#wantsAnother()) {
      this.#comeBack(colo, lane, userId, decision.row);
      return;
    }
    if (!decision.ok) tally.refuse(decision.reason, 1);
    this.#leave(1);
  }

  /** Of the next buyer. Evenly spread over all of them. */
  #wantsAnother(): boolean {
    const before = Math.floor(this.#wishes);
    this.#wishes += this.#world.scenario.comesBack;
    return Math.floor(this.#wishes) > before;
  }

  /** The buyer tries to get a second unit. */
  #comeBack(colo: Colo, lane: Lane, userId: string, row: OrderRow): void {
    const { calendar, tally, edges, limits } = this.#world;
    tally.attempts += 1;
    edges.record(calendar.now, 1);
    const commands = limits.limitCommands + (colo.soldOut.has(lane) ? 0 : limits.markCommands);
    tally.uncounted += 1 - colo.redis.call(1, commands);
    this.#inventory.reserve(lane, { userId, mine: [row] }, (decision) => {
      if (!decision.ok) tally.refuse(decision.reason, 1);
      this.#leave(1);
    });
  }

  /** A 503. People whose press has no tries left press again, unless the page shows that everything is sold. */
  #comeAgain(colo: Colo, kind: number, people: number): void {
    if (people === 0) return;
    const { tally, random } = this.#world;
    tally.refuse("overloaded", people);
    const isLastTry = kind === TRIES - 1;
    if (isLastTry && colo.soldOut.size === this.#inventory.lanes.length) {
      tally.toldByPage += people;
      this.#leave(people);
      return;
    }
    const next = isLastTry ? PRESSED_AGAIN : kind === PRESSED_AGAIN ? 1 : kind + 1;
    const first = Math.ceil(LEAST_PAUSE_MS / this.#stepMs);
    // This step's place in the ring is that of the steps so far, less one.
    spread(people, this.#ring - 1 - first, random, (place, count) => {
      const step = (this.#steps - 1 + first + place) % this.#ring;
      colo.due[step * KINDS + next] = (colo.due[step * KINDS + next] as number) + count;
    });
  }

  #leave(people: number): void {
    this.#left += people;
    this.#world.tally.lastAnswerAt = this.#world.calendar.now;
    this.#crowd.leave(people);
  }
}
