// A simulated sale through the code of the line: buyers who never come, come late, buy two, pay late, or let their hold
// expire.
import { QUICKNET } from "../../src/admission/beacon-chain.ts";
import type { LineTerms } from "../../src/admission/client.ts";
import { roundAfter, roundTime } from "../../src/admission/draw.ts";
import { type ArrivalCurve, curveOf } from "../../src/line/arrival-curve.ts";
import { ArrivalSample } from "../../src/line/arrival-sample.ts";
import { configureLine, isOver, type Line, tick, withBeacon } from "../../src/line/line.ts";
import type { StockReading } from "../../src/line/stock-reading.ts";

const CLOSE = 1_800_000_000_000;
/** When the places are drawn, and the first people are admitted. */
export const START = roundTime(QUICKNET, roundAfter(QUICKNET, CLOSE));
const HOLD_SECONDS = 120;
const MOST_SECONDS = 4 * 3_600;

interface Person {
  place: number;
  /** Seconds from their turn to their order. Never, if they left. */
  delay: number;
  quantity: number;
  /** Seconds from the order to the payment. Never, if the hold expires instead. */
  pays: number;
}

export interface Scenario {
  early: number;
  /** People who come in the ten minutes after the close. */
  late: number;
  units: number;
  ratePerSecond: number;
  /** Shares of people. */
  absent: number;
  slow: number;
  two: number;
  unpaid: number;
}

export const ORDINARY: Scenario = {
  early: 8_000,
  late: 4_000,
  units: 1_000,
  ratePerSecond: 50,
  absent: 0.3,
  slow: 0.05,
  two: 0.2,
  unpaid: 0.1,
};

/** People in the order of their places, and the curve of their arrivals. */
export function crowdOf(scenario: Scenario, random: () => number) {
  const sample = new ArrivalSample();
  const people: Person[] = [];
  for (let index = 0; index < scenario.early + scenario.late; index += 1) {
    const lateness = index < scenario.early ? -1 : Math.floor(random() * 600_000);
    sample.add(Math.floor(random() * 2 ** 52), CLOSE + lateness);
    const isSlow = random() < scenario.slow;
    people.push({
      place: lateness < 0 ? random() : 1 + (lateness + random()) / 1_000,
      delay: random() < scenario.absent ? Infinity : isSlow ? 60 + random() * 200 : random() * 40,
      quantity: random() < scenario.two ? 2 : 1,
      pays: random() < scenario.unpaid ? Infinity : 1 + Math.floor(random() * 60),
    });
  }
  people.sort((a, b) => a.place - b.place);
  return { people, curve: curveOf(sample, CLOSE) };
}

/** A line that opens at the close, and whose beacon is known. */
export function aLine(changes: Partial<LineTerms>): Line {
  const terms: LineTerms = {
    ...{ mode: "queue", ratePerSecond: 50 },
    ...{ opensAt: CLOSE, closesAt: START + 1_000 * MOST_SECONDS },
    ...{ registrationOpensAt: CLOSE - 900_000, registrationClosesAt: CLOSE },
    skus: [{ id: "sku", stock: 1_000, isFree: false, perUserLimit: 2 }],
    ...changes,
  };
  const origin = { seed: "ab".repeat(32), chain: QUICKNET };
  const line = configureLine(null, { saleId: "sale", terms }, origin, CLOSE - 1) as Line;
  return withBeacon(line, { round: line.round, randomness: "cd".repeat(32), signature: "ef" });
}

interface Outcome {
  sold: number;
  /** The line after each second. */
  lines: Line[];
  /** People who came within a minute of their turn, and found nothing free. */
  disappointed: number;
  admitted: number;
}

/** Runs a sale until everything is sold, or for four hours. */
export function sell(
  { units, ratePerSecond }: Scenario,
  people: Person[],
  curve: ArrivalCurve,
  restart: () => boolean,
): Outcome {
  const due = new Map<number, (() => void)[]>();
  const at = (second: number, work: () => void) =>
    due.set(second, [...(due.get(second) ?? []), work]);
  const outcome: Outcome = { sold: 0, lines: [], disappointed: 0, admitted: 0 };
  let [free, line] = [units, aLine({ ratePerSecond })];
  const buy = (person: Person, second: number) => {
    const quantity = Math.min(person.quantity, free);
    if (quantity === 0) {
      outcome.disappointed += person.delay < 60 ? 1 : 0;
      return;
    }
    free -= quantity;
    at(second + Math.min(person.pays, HOLD_SECONDS), () => {
      if (person.pays < Infinity) outcome.sold += quantity;
      else free += quantity;
    });
  };
  for (let second = 1; second < MOST_SECONDS; second += 1) {
    for (const work of due.get(second) ?? []) work();
    const stock = readingOf(units, free, outcome.sold);
    line = tick(line, curve, stock, START + second * 1_000).line;
    if (restart()) line = JSON.parse(JSON.stringify(line));
    outcome.lines.push(line);
    if (isOver(line, START + second * 1_000)) break;
    for (const person of people.slice(outcome.admitted)) {
      if (person.place > line.state.frontier) break;
      const comes = second + 1 + Math.floor(person.delay);
      if (person.delay < Infinity) at(comes, () => buy(person, comes));
      outcome.admitted += 1;
    }
  }
  return outcome;
}

export function readingOf(units: number, free: number, sold: number): StockReading {
  const left = units - sold;
  return {
    ...{ free, taken: units - free, left },
    ...{ mayReturn: free === 0 && left > 0, isSoldOut: left === 0 },
  };
}
