// Simulates a crowd that joins a sale's line within ten seconds and waits for ten minutes, through the code of the line, in
// simulated time. Shows what grows with the number of people and what does not.
import { QUICKNET } from "../../admission/beacon-chain.ts";
import type { LineTerms } from "../../admission/client.ts";
import type { PublicLine } from "../../admission/public-line.ts";
import { pollAfter } from "../../admission/standing.ts";
import { curveOf } from "../../line/arrival-curve.ts";
import { ArrivalSample } from "../../line/arrival-sample.ts";
import { configureLine, type Line, tick, withBeacon } from "../../line/line.ts";
import { publicLine } from "../../line/views.ts";
import { randomNumbers } from "../random.ts";

const SEED = 20_261_126;
const OPENING = Date.parse("2026-12-01T10:00:00Z");
const MINUTE_MS = 60_000;
const WAIT_SECONDS = 600;
/** When the first person joins, and for how long people join. */
const FIRST_AT = OPENING - MINUTE_MS;
const JOINING_MS = 10_000;
/** Edges of the Worker, and how often each reports whom it gave a ticket. As in `funnel/arrivals.ts`. */
const ISOLATES = 100;
const REPORT_MS = 2_000;
/** People whose looks at the line are simulated. The others look as often. */
const WATCHED = 500;
const HASHES = 2 ** 52;

/** What a crowd costs. */
export interface CrowdCost {
  people: number;
  /** As the line counts them. */
  registered: number;
  /** Calls of the controller by all isolates together, and the most arrivals in one of them. */
  reports: number;
  largestReport: number;
  /** Arrivals in the controller's memory. Its storage has as many. */
  sampleSize: number;
  /** Bytes of JSON: the line as stored with each tick, and as published. */
  storedBytes: number;
  publishedBytes: number;
  /** The controller's ticks while people waited. Each costs two Redis commands. */
  ticks: number;
  /** Looks at the line, all answered by edges. */
  looks: number;
}

/** Simulates `people`. Deterministic. */
export function simulateCrowd(people: number): CrowdCost {
  const arrivals = new ArrivalSample();
  const { reports, largestReport } = join(people, arrivals);
  const lines = wait(newLine(people), arrivals);
  const last = lines.at(-1) as { line: Line; published: PublicLine };
  const bytes = (value: unknown) => Buffer.byteLength(JSON.stringify(value));
  return {
    people,
    registered: last.published.registered,
    ...{ reports, largestReport, sampleSize: arrivals.size },
    storedBytes: Math.max(...lines.map(({ line }) => bytes(line))),
    publishedBytes: Math.max(...lines.map(({ published }) => bytes(published))),
    ticks: lines.length,
    looks: countLooks(
      people,
      lines.map(({ published }) => published),
    ),
  };
}

/** Everyone joins at some isolate, which reports every two seconds. */
function join(people: number, arrivals: ArrivalSample) {
  const random = randomNumbers(SEED, "arrivals");
  const pending = Array.from({ length: ISOLATES }, () => new ArrivalSample());
  let [reports, largestReport] = [0, 0];
  const periods = JOINING_MS / REPORT_MS;
  for (let period = 0; period < periods; period += 1) {
    for (let person = 0; person < people / periods; person += 1) {
      const at = FIRST_AT + Math.floor(REPORT_MS * (period + random()));
      pending[Math.floor(ISOLATES * random())]?.add(Math.floor(HASHES * random()), at);
    }
    for (const [isolate, batch] of pending.entries()) {
      const { level, entries } = batch.toJSON();
      if (entries.length === 0) continue;
      arrivals.merge({ level, entries });
      pending[isolate] = new ArrivalSample({ level: arrivals.level, entries: [] });
      reports += 1;
      largestReport = Math.max(largestReport, entries.length);
    }
  }
  return { reports, largestReport };
}

/** A line whose rate admits half of the people in the time. */
function newLine(people: number): Line {
  const terms: LineTerms = {
    ...{ mode: "queue", ratePerSecond: people / (2 * WAIT_SECONDS) },
    ...{ opensAt: OPENING, closesAt: OPENING + 60 * MINUTE_MS },
    ...{ registrationOpensAt: FIRST_AT, registrationClosesAt: OPENING },
    skus: [{ id: "sku", stock: people, isFree: true, perUserLimit: 1 }],
  };
  const origin = { seed: "00".repeat(32), chain: QUICKNET };
  const line = configureLine(null, { saleId: "simulated", terms }, origin, FIRST_AT) as Line;
  const beacon = { randomness: "00".repeat(32), signature: "00".repeat(48) };
  return withBeacon(line, { round: line.round, ...beacon });
}

/** A tick each second. Each person who is admitted takes a unit. */
function wait(first: Line, arrivals: ArrivalSample): { line: Line; published: PublicLine }[] {
  const curve = curveOf(arrivals, OPENING);
  const total = first.terms.skus[0]?.stock ?? 0;
  let line = first;
  return Array.from({ length: WAIT_SECONDS }, (_, second) => {
    const now = OPENING + second * 1_000;
    const taken = line.state.admitted;
    const free = total - taken;
    const stock = { free, taken, left: free, mayReturn: false, isSoldOut: false };
    line = tick(line, curve, stock, now).line;
    return { line, published: publicLine(line, curve, now) };
  });
}

/** How often all people look at the line until they are admitted, from those who are watched. */
function countLooks(people: number, lines: PublicLine[]): number {
  const random = randomNumbers(SEED, "looks");
  let looks = 0;
  for (let person = 0; person < WATCHED; person += 1) {
    const place = (person + 0.5) / WATCHED;
    let second = 10 * random();
    for (;;) {
      const line = lines[Math.floor(second)];
      if (!line) break;
      looks += 1;
      if (place <= line.frontier) break;
      second += pollAfter(line, place, OPENING + second * 1_000, random());
    }
  }
  return Math.round((looks * people) / WATCHED);
}
