// The proofs about a line: fabricated evidence of each violation is detected, and correct evidence passes.
import { beforeEach, describe, expect, test } from "vitest";
import type { LedgerOrder, PublicLine } from "../../../../src/local/client.ts";
import type { Evidence } from "../../../../src/local/rehearse/evidence.ts";
import {
  type LineRecord,
  type Look,
  newLineRecord,
} from "../../../../src/local/rehearse/line-record.ts";
import { answer, at, claims, correctSale, NOW, order, problem, purchase } from "../evidence.ts";

const JUMPS = "no order before its turn: no place above the published frontier";
const ORDER = "people are admitted in the order of their places";
const DUPLICATES = "no two people have the same place";
const DEVICES = "a person has one place on all devices, and asking again never improves it";
const TURNS = "no order without a turn of one's own (no ticket, a forged one, another person's)";
const SOLD = "all stock is sold while people wait";
const END = "whoever waits can know the end 3 s after the last unit is sold";
const TOLD = "everyone who waits, however far back, is told the end within 3 s";
const BACK = "the frontier never moves back";
const RATE = "no more people are admitted in ten seconds than the rate allows, within 10%";
const DRAW = "the draw is the one committed to, signed by the beacon, with the published history";
const ALL = [JUMPS, ORDER, DUPLICATES, DEVICES, TURNS, SOLD, END, TOLD, BACK, RATE, DRAW];

const SECOND = 1_000;
const CLOSE = NOW - 60 * SECOND;
const HASH = "ab".repeat(32);

const sample = (time: number, frontier: number): PublicLine => ({
  ...{ asOf: new Date(time).toISOString(), mode: "queue", frontier, registered: 3, waiting: 1 },
  ...{ opensAt: "", registrationOpensAt: "", registrationClosesAt: "" },
  ...{ admittedPerSecond: 1, ratePerSecond: 1, paused: false, over: false, mayReturn: false },
  arrivals: [
    [0, 0],
    [1, 100],
  ],
  ...{ notice: null, pollSeconds: 2, soonestEndSeconds: 0, historyHash: HASH },
});

const ticket = (user: string, place: number | null, sentAt = CLOSE - SECOND) => ({
  ...{ user, sentAt, answeredAt: sentAt + 1, ticket: "t", place },
});

const look = (user: string, sentAt: number, over: boolean): Look => ({
  ...{ user, sentAt, answeredAt: sentAt + 1, over, isWaiting: true },
});

let record: LineRecord;
let sale: Evidence;

/** Ann and Bob were served. Cid came too early, waited, and was told the end. Eve tried without a ticket. */
beforeEach(() => {
  record = newLineRecord(1, CLOSE);
  sale = { ...correctSale(), line: record };
  sale.purchases.push(purchase("cid", "c0", at(NOW - SECOND, problem(403, "not_admitted_yet"))));
  record.samples = [sample(NOW - 5 * SECOND, 0), sample(NOW, 0.02), sample(NOW + 9 * SECOND, 0.11)];
  record.tickets = [ticket("ann", null), ticket("bob", 0.02), ticket("bob", 0.02)];
  record.tickets.push(ticket("cid", 0.5));
  record.drawnPlaces = new Map([
    ["ann", 0.01],
    ["bob", 0.02],
    ["cid", 0.5],
  ]);
  record.attempts = [{ user: "eve", answer: problem(403, "ticket_required") }];
  record.soldOutAt = NOW + SECOND;
  record.looks = [false, true].map((over, index) => {
    const sentAt = NOW + 3 * SECOND * index;
    return look("cid", sentAt, over);
  });
  record.checks = [{ name: "document", ok: true, detail: "" }];
  const revealed = { revealed: true, history: [[NOW, 0.02]] };
  record.committed = { commitment: HASH, round: 7, revealed: false };
  record.draw = { commitment: HASH, round: 7, ...revealed };
});

const broken = (): string[] =>
  claims("broken", { skus: [sale] }).filter((claim) => ALL.includes(claim));

test("all hold for a correct line", () => {
  expect(broken()).toEqual([]);
  const held = claims("held", { skus: [sale] });
  expect(ALL.filter((claim) => held.includes(claim))).toEqual(ALL);
});

test("are not mentioned without a line, and not observed if nothing happened in it", () => {
  const named = [...claims("held", { skus: [correctSale()] })];
  expect(named.filter((claim) => ALL.includes(claim))).toEqual([]);
  sale = { ...sale, line: { ...newLineRecord(1, CLOSE), soldOutAt: NOW }, ledgerOrders: [] };
  const unseen = claims("not observed", { skus: [sale] });
  expect(ALL.filter((claim) => unseen.includes(claim))).toEqual(ALL);
});

describe("detects", () => {
  test("an order of a place that the frontier had not reached", () => {
    record.drawnPlaces.set("bob", 0.03);
    record.tickets = record.tickets.filter(({ user }) => user !== "bob");
    record.tickets.push(ticket("bob", 0.03));
    record.samples.splice(1, 0, sample(NOW + SECOND, 0.02));
    expect(broken()).toEqual([JUMPS]);
  });

  test("somebody turned away long after a person with a higher place was served", () => {
    const late = at(NOW + 4 * SECOND, problem(403, "not_admitted_yet"));
    sale.purchases.push(purchase("dan", "d", late));
    record.tickets.push(ticket("dan", 0.015));
    record.drawnPlaces.set("dan", 0.015);
    expect(broken()).toEqual([ORDER]);
  });

  test("two people with one place", () => {
    record.tickets.push(ticket("dan", 0.5));
    record.drawnPlaces.set("dan", 0.5);
    expect(broken()).toEqual([DUPLICATES]);
  });

  test("a place that is not the drawn one", () => {
    record.tickets.push(ticket("cid", 0.4));
    expect(broken()).toEqual([DEVICES]);
  });

  test("a late place that improved", () => {
    record.tickets.push(ticket("dan", 3, CLOSE + SECOND), ticket("dan", 2.5, CLOSE + 2 * SECOND));
    expect(broken()).toEqual([DEVICES]);
  });

  test("an attempt without a ticket that succeeded", () => {
    record.attempts.push({ user: "eve", answer: answer(202, order("o3")) });
    expect(broken()).toEqual([TURNS]);
  });

  test("an order of somebody who never had a ticket", () => {
    (sale.ledgerOrders[1] as LedgerOrder).userId = "eve";
    expect(broken()).toEqual([TURNS]);
  });

  test("units that were left", () => {
    sale.after = { ...sale.after, available: 1, sold: 1 };
    expect(broken()).toEqual([SOLD]);
  });

  test("somebody who is told to wait after the end", () => {
    record.looks.push(look("dan", NOW + 5_000, false));
    expect(broken()).toEqual([END]);
  });

  test("somebody far back who learns of the end late, but not one who had their turn and slept", () => {
    record.looks.push(look("dan", NOW, false), look("dan", NOW + 8_000, true));
    expect(broken()).toEqual([TOLD]);
    record.looks = record.looks.map((each) => ({ ...each, isWaiting: each.user !== "dan" }));
    expect(broken()).toEqual([]);
  });

  test("an end that never came", () => {
    record.soldOutAt = undefined;
    expect(broken()).toEqual([END]);
  });

  test("a frontier that moved back", () => {
    record.samples.push(sample(NOW + 12 * SECOND, 0.1));
    expect(broken()).toEqual([BACK]);
  });

  test("more people in ten seconds than the rate allows", () => {
    record.samples.push(sample(NOW + 10 * SECOND, 0.16));
    expect(broken()).toEqual([RATE]);
  });

  test.each<[string, () => void]>([
    ["fails a check", () => record.checks.push({ name: "round", ok: false, detail: "" })],
    ["has another commitment", () => Object.assign(record.draw as object, { commitment: "cd" })],
    ["was revealed too early", () => Object.assign(record.committed as object, { revealed: true })],
    ["has another history", () => Object.assign(record.samples[1] as object, { historyHash: "" })],
  ])("a draw that %s", (_, tamper) => {
    tamper();
    expect(broken()).toContain(DRAW);
  });
});
