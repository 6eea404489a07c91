// All proofs. Each states a claim and lists what contradicts it in the evidence. They are pure functions, so
// tests can feed them fabricated evidence of an oversell.
import type { Evidence, Findings } from "../evidence.ts";
import { LINE_PROOFS } from "./line-proofs.ts";
import { finality, liveStock, ORDERS_ARE_FINAL } from "./live-stock.ts";
import { holdsKept, money, refundsDone } from "./money.ts";
import * as observed from "./observed.ts";
import { oneAfterAnother } from "./one-after-another.ts";
import { acceptedOrders, idempotency, readModel, reportedOrders, singleOutcome } from "./orders.ts";
import { saleLimitIsObserved, saleLimitViolations } from "./sale-limit.ts";
import { denyRules, openingHours, prices } from "./terms.ts";
import { perUserLimit, refusals, tally, unitsAddUp, unitsSold } from "./units.ts";

export type ProofStatus = "held" | "broken" | "not observed";

export interface ProofResult {
  claim: string;
  /** "not observed": nothing contradicts the claim, but nothing that could have was seen either. */
  status: ProofStatus;
  violations: string[];
  /** Why it was not observed. */
  reason?: string;
}

/** A proof about each SKU. */
export interface SkuProof {
  claim: string;
  violations(evidence: Evidence): string[];
  /** Whether the evidence could have contradicted the claim. */
  isObserved(evidence: Evidence): boolean;
  /** Reported if no SKU's evidence could have. */
  otherwise: string;
}

const NO_ORDER = "no order was accepted";

const SKU_PROOFS: SkuProof[] = [
  {
    claim: "stocked = available + held + sold",
    violations: unitsAddUp,
    isObserved: () => true,
    otherwise: "no SKU",
  },
  {
    claim: "units sold = stock or demand, whichever is less",
    violations: unitsSold,
    isObserved: observed.stockDecision,
    otherwise: "no order request reached the stock",
  },
  {
    claim: "no buyer gets more units than the per-user limit",
    violations: perUserLimit,
    isObserved: observed.attemptOverLimit,
    otherwise: "no buyer tried to get more",
  },
  {
    claim: "units are sold and refused as if buyers came one after another",
    violations: oneAfterAnother,
    isObserved: observed.stockDecision,
    otherwise: "no order request reached the stock",
  },
  {
    claim: "no buyer is refused without cause (limit, unpaid holds)",
    violations: refusals,
    isObserved: observed.refusal,
    otherwise: "no order was refused for one of these reasons",
  },
  {
    claim: "no order is accepted before the sale opens or after it closes",
    violations: openingHours,
    isObserved: observed.attemptOutsideHours,
    otherwise: "no buyer tried to order outside opening hours",
  },
  {
    claim: "every order has the price in force and shown to its buyer",
    violations: prices,
    isObserved: observed.order,
    otherwise: NO_ORDER,
  },
  {
    claim: "a denied buyer is blocked exactly while the deny rule applies",
    violations: denyRules,
    isObserved: observed.attemptWhileDenied,
    otherwise: "no denied buyer tried to order",
  },
  {
    claim: "every accepted order becomes final, and only its owner can read it",
    violations: acceptedOrders,
    isObserved: observed.readByStranger,
    otherwise: "no accepted order was requested by another buyer",
  },
  {
    claim: "every order has one outcome, the one reported to its buyer",
    violations: singleOutcome,
    isObserved: observed.orderAction,
    otherwise: "no order was paid separately or canceled",
  },
  {
    claim: "every order in the ledger was reported to its buyer",
    violations: reportedOrders,
    isObserved: observed.order,
    otherwise: NO_ORDER,
  },
  {
    claim: "one Idempotency-Key, one answer",
    violations: idempotency,
    isObserved: observed.repeatedRequest,
    otherwise: "no order request was repeated",
  },
  {
    claim: "ledger = read model",
    violations: readModel,
    isObserved: observed.readBack,
    otherwise: "no order was read back",
  },
  {
    claim: "live stock is right within its stated age",
    violations: liveStock,
    isObserved: observed.liveAnswer,
    otherwise: "no live stock was received",
  },
  {
    claim: ORDERS_ARE_FINAL,
    violations: finality,
    isObserved: observed.order,
    otherwise: NO_ORDER,
  },
  {
    claim: "money kept = confirmed orders; each charge and refund happens once",
    violations: money,
    isObserved: observed.payment,
    otherwise: "no paid order, or the bank's books are not visible from here",
  },
  {
    claim: "no buyer who pays in time loses the units",
    violations: holdsKept,
    isObserved: observed.paidInTime,
    otherwise: "no buyer paid with a good card",
  },
  {
    claim: "every refund by the operator returns its units and its money",
    violations: refundsDone,
    isObserved: observed.refund,
    otherwise: "the operator refunded nothing",
  },
];

/** Checks the findings against every proof. Those about a line or a limit of a sale only if a sale had one. */
export function verify({ skus, breaches, deadLetters, log }: Findings): ProofResult[] {
  const overLimit = saleLimitViolations(skus);
  const lined = skus.filter(({ line }) => line !== undefined);
  return [
    ...SKU_PROOFS.map((proof) => verifySkus(proof, skus)),
    ...(lined.length > 0 ? LINE_PROOFS.map((proof) => verifySkus(proof, lined)) : []),
    ...(overLimit
      ? [
          resultOf(
            "nobody exceeds the limit of a whole sale, and nobody below it is refused for it",
            overLimit,
            saleLimitIsObserved(skus) ? undefined : "no sale's limit refused anybody",
          ),
        ]
      : []),
    resultOf(
      "no order became a dead letter",
      deadLetters,
      skus.some(observed.order) ? undefined : NO_ORDER,
    ),
    resultOf("every answer conforms to the HTTP contract", counted(breaches)),
    log === undefined
      ? resultOf("the Worker logged no warnings", [], "the instance's log is not visible from here")
      : resultOf("the Worker logged no warnings", counted(tally(log))),
  ];
}

function verifySkus(proof: SkuProof, skus: Evidence[]): ProofResult {
  const violations = skus.flatMap((evidence) =>
    proof.violations(evidence).map((violation) => `${evidence.sku.id}: ${violation}`),
  );
  const isObserved = skus.some(proof.isObserved);
  return resultOf(proof.claim, violations, isObserved ? undefined : proof.otherwise);
}

/** `notObserved`: why nothing could have contradicted the claim, if so. Violations take precedence. */
export function resultOf(claim: string, violations: string[], notObserved?: string): ProofResult {
  if (violations.length > 0) {
    return { claim, status: "broken", violations };
  }
  return notObserved === undefined
    ? { claim, status: "held", violations }
    : { claim, status: "not observed", violations, reason: notObserved };
}

function counted(counts: Map<string, number>): string[] {
  return [...counts].map(([text, times]) => (times > 1 ? `${text} (${times} times)` : text));
}
