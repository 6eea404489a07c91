// The crowd of a sale with a line: everybody has joined before the opening, and admitted people buy at their next look.
// Uses the code of the line's controller, and of the pages that wait.
import { QUICKNET } from "../../admission/beacon-chain.ts";
import type { PublicLine } from "../../admission/public-line.ts";
import { pollAfter } from "../../admission/standing.ts";
import { ArrivalCurve } from "../../line/arrival-curve.ts";
import { configureLine, type Line, tick, withBeacon } from "../../line/line.ts";
import type { StockReading } from "../../line/stock-reading.ts";
import { publicLine } from "../../line/views.ts";
import type { Crowd } from "./crowd.ts";
import { CLOSES_AT, OPENS_AT, SALE_ID, SKU_ID } from "./sale.ts";

const TICK_MS = 1_000;
/** Registration opens and closes this long before the opening. The draw is known by then. */
const JOINING_MS = 900_000;
const CLOSED_MS = 30_000;
/** Places whose pauses between two looks stand for everybody. */
const WATCHED = 64;
/** Those who are admitted learn of it spread over this time. */
const NEXT_LOOK_MS = 2_000;

export interface LineCrowd extends Crowd {
  /** Looks at the line per second, of all who wait. */
  looksPerSecond(): number;
}

interface Setup {
  people: number;
  stock: number;
  ratePerSecond: number;
  random(): number;
  /** The stock as the controller reads it. */
  read(): StockReading;
  /** Called for each tick. */
  onTick(): void;
}

export function lineCrowd({
  people,
  stock,
  ratePerSecond,
  random,
  read,
  onTick,
}: Setup): LineCrowd {
  const curve = new ArrivalCurve([
    [0, 0],
    [1, people],
  ]);
  let line = newLine(stock, ratePerSecond);
  let [nextTick, come, owed, looks] = [0, 0, 0, 0];
  let stepAt = 0;
  return {
    come(now) {
      for (; nextTick <= now; nextTick += TICK_MS) {
        const before = line.state.admitted;
        const at = OPENS_AT + nextTick;
        line = tick(line, curve, read(), at).line;
        owed += line.state.admitted - before;
        looks = looksOf(publicLine(line, curve, at), people, random, at);
        onTick();
      }
      const share = Math.min(1, (now - stepAt) / NEXT_LOOK_MS);
      stepAt = now;
      const next = Math.min(people - come, Math.ceil(owed * share));
      owed -= next;
      come += next;
      return next;
    },
    leave() {},
    isOver: () => come === people || (read().isSoldOut && owed < 1),
    looksPerSecond: () => looks,
  };
}

function newLine(stock: number, ratePerSecond: number): Line {
  const terms = {
    ...{ mode: "draw" as const, ratePerSecond, opensAt: OPENS_AT, closesAt: CLOSES_AT },
    registrationOpensAt: OPENS_AT - JOINING_MS,
    registrationClosesAt: OPENS_AT - CLOSED_MS,
    skus: [{ id: SKU_ID, stock, isFree: true, perUserLimit: 1 }],
  };
  const origin = { seed: "00".repeat(32), chain: QUICKNET };
  const at = OPENS_AT - JOINING_MS;
  const line = configureLine(null, { saleId: SALE_ID, terms }, origin, at) as Line;
  const beacon = { randomness: "00".repeat(32), signature: "00".repeat(48) };
  return withBeacon(line, { round: line.round, ...beacon });
}

/** From the places of those who still wait. */
function looksOf(line: PublicLine, people: number, random: () => number, now: number): number {
  const waiting = 1 - Math.min(1, line.frontier);
  let perSecond = 0;
  for (let nth = 0; nth < WATCHED; nth += 1) {
    const place = 1 - waiting * ((nth + 0.5) / WATCHED);
    perSecond += 1 / pollAfter(line, place, now, random());
  }
  return (perSecond / WATCHED) * waiting * people;
}
