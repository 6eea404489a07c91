// The proofs about sales with a line, with what each must have seen to say anything.
import { outcome } from "../contract.ts";
import type { Evidence } from "../evidence.ts";
import type { LineRecord } from "../line-record.ts";
import { drawFaults } from "./draw.ts";
import { retreats, rushes } from "./frontier.ts";
import {
  duplicatePlaces,
  improvedPlaces,
  jumps,
  leftOver,
  orderOfPlaces,
  TOLD_WITHIN_MS,
  toldLate,
  untold,
  waitedUntilTheEnd,
  withoutTurn,
} from "./line.ts";
import type { SkuProof } from "./verify.ts";

const recordOf = ({ line }: Evidence): LineRecord => line as LineRecord;

const isTurnedAway = ({ purchases }: Evidence): boolean =>
  purchases.some(({ answers }) => answers.some((each) => outcome(each) === "not_admitted_yet"));

const hasOrder = ({ ledgerOrders }: Evidence): boolean => ledgerOrders.length > 0;

export const LINE_PROOFS: SkuProof[] = [
  {
    claim: "no order before its turn: no place above the published frontier",
    violations: jumps,
    isObserved: (evidence) => hasOrder(evidence) && isTurnedAway(evidence),
    otherwise: "nobody ordered before their turn",
  },
  {
    claim: "people are admitted in the order of their places",
    violations: orderOfPlaces,
    isObserved: (evidence) => hasOrder(evidence) && isTurnedAway(evidence),
    otherwise: "nobody was turned away",
  },
  {
    claim: "no two people have the same place",
    violations: duplicatePlaces,
    isObserved: (evidence) => recordOf(evidence).drawnPlaces.size > 1,
    otherwise: "fewer than two places were drawn",
  },
  {
    claim: "a person has one place on all devices, and asking again never improves it",
    violations: improvedPlaces,
    isObserved: (evidence) => {
      const known = recordOf(evidence).tickets.filter(({ place }) => place !== null);
      return known.length > new Set(known.map(({ user }) => user)).size;
    },
    otherwise: "nobody asked for a place twice",
  },
  {
    claim: "no order without a turn of one's own (no ticket, a forged one, another person's)",
    violations: withoutTurn,
    isObserved: (evidence) => recordOf(evidence).attempts.length > 0,
    otherwise: "nobody tried",
  },
  {
    claim: "all stock is sold while people wait",
    violations: leftOver,
    isObserved: (evidence) => recordOf(evidence).looks.some(({ over }) => over),
    otherwise: "nobody waited until the end",
  },
  {
    claim: `whoever waits can know the end ${TOLD_WITHIN_MS / 1_000} s after the last unit is sold`,
    violations: untold,
    isObserved: (evidence) => recordOf(evidence).looks.some(({ over }) => over),
    otherwise: "nobody waited until the end",
  },
  {
    claim: `everyone who waits, however far back, is told the end within ${TOLD_WITHIN_MS / 1_000} s`,
    violations: toldLate,
    isObserved: (evidence) => waitedUntilTheEnd(recordOf(evidence)).length > 0,
    otherwise: "nobody waited until the end",
  },
  {
    claim: "the frontier never moves back",
    violations: (evidence) => retreats(recordOf(evidence)),
    isObserved: (evidence) => recordOf(evidence).samples.some(({ frontier }) => frontier > 0),
    otherwise: "nobody was admitted",
  },
  {
    claim: "no more people are admitted in ten seconds than the rate allows, within 10%",
    violations: (evidence) => rushes(recordOf(evidence)),
    isObserved: (evidence) => recordOf(evidence).samples.some(({ frontier }) => frontier > 0),
    otherwise: "nobody was admitted",
  },
  {
    claim: "the draw is the one committed to, signed by the beacon, with the published history",
    violations: drawFaults,
    isObserved: (evidence) => recordOf(evidence).checks.length > 0,
    otherwise: "no draw was published",
  },
];
