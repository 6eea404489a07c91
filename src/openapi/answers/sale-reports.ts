// The operator's answers about one sale: its line, its figures, the preflight, and the report afterwards.
import * as z from "zod";
import type { Preflight } from "../../admin/preflight/preflight.ts";
import type { Report } from "../../admin/report/document.ts";
import type { TakeBackResult } from "../../admin/report/take-back.ts";
import type { LineReport } from "../../admission/client.ts";
import { ERRORS, type ErrorCode } from "../../http/errors.ts";
import { count, mapOf, money, refusals, saleHead, saleId, skuId, time, wide } from "./common.ts";

export const lineReport = z
  .strictObject({
    saleId,
    mode: z.enum(["queue", "draw"]),
    ratePerSecond: z.number(),
    paused: z.boolean(),
    notice: z.string().nullable(),
    registrationOpensAt: time,
    registrationClosesAt: time,
    frontier: z.number(),
    over: z.boolean(),
    registered: z.number(),
    waiting: z.number(),
    admitted: z.number(),
    bought: z.number().describe("Units taken."),
    noShows: z.number().describe("People who were admitted and took nothing within a minute."),
    overshoot: z.number().describe("People admitted beyond what the stock could serve."),
    beacon: z.strictObject({ round: z.int(), state: z.enum(["waiting", "late", "known"]) }),
  })
  .meta({ id: "LineReport" }) satisfies z.ZodType<LineReport>;

const preflightCheck = z.strictObject({
  name: z.string(),
  state: z.enum(["ok", "warn", "fail"]),
  detail: z.string(),
  todo: z.string().exactOptional(),
});

export const preflight = z
  .strictObject({
    ready: z.boolean().describe("No check failed."),
    saleId,
    checkedAt: time,
    checks: z.array(preflightCheck),
  })
  .meta({ id: "Preflight" }) satisfies z.ZodType<Preflight>;

/** As the ledger has them, even if it contradicts itself: the report says so. */
const ledgerFacts = z.strictObject({
  ...{ stocked: z.int(), available: z.int(), held: z.int(), sold: z.int() },
  withdrawn: count,
  isMoving: z.boolean(),
  refundsFailed: count,
  mismatches: count,
  refundsDue: count,
  uncounted: count,
});

const counted = z.strictObject({
  held: count,
  sold: count,
  orders: mapOf(count),
  people: count,
  mostPerPerson: count,
  overLimit: count,
});

const cluster = z.strictObject({
  kind: z.enum(["network", "card", "timing"]),
  accounts: count,
  units: count,
  firstAt: time,
  lastAt: time,
  medianGapMs: z.number(),
  gapsMs: z.array(z.number()).exactOptional(),
  orderIds: z.array(z.string()),
  orders: count,
});

const quantile = z.number().nullable();

const traffic = z.strictObject({
  from: time,
  to: time,
  missingShards: count,
  isCut: z.boolean(),
  passed: count,
  accepted: count,
  refusals,
  latency: z.array(
    z.strictObject({
      of: z.enum(["requests", "calls"]),
      name: z.string(),
      count,
      p50: quantile,
      p95: quantile,
      p99: quantile,
    }),
  ),
  degradations: z.array(z.strictObject({ name: z.string(), labels: mapOf(z.string()), count })),
  cost: z.strictObject({
    items: z.array(z.strictObject({ name: z.string(), count: z.number(), dollars: z.number() })),
    dollars: z.number(),
    prices: z.string(),
  }),
});

const moneyFacts = z.strictObject({
  totals: z.array(
    z.strictObject({
      currency: z.string(),
      charged: z.number(),
      refunded: z.number(),
      sold: z.number(),
      toReturn: z.number(),
    }),
  ),
  faults: z.array(z.strictObject({ orderId: z.string(), fault: z.string() })),
  faultCount: count,
  open: count,
});

export const report = wide<Report>()(
  z
    .strictObject({
      version: z.literal(1),
      sale: saleHead,
      generatedAt: time,
      checks: z.array(
        z.strictObject({
          name: z.enum(["stock", "limits", "money", "draw"]),
          holds: z.union([z.boolean(), z.literal("unknown")]),
          detail: z.string(),
        }),
      ),
      skus: z.array(
        z.strictObject({
          id: skuId,
          name: z.string(),
          unitPrice: money,
          perUserLimit: count,
          ledger: ledgerFacts.nullable(),
          counted: counted.nullable(),
        }),
      ),
      formerSkus: z
        .array(
          z.strictObject({
            id: skuId,
            ledger: ledgerFacts.nullable(),
            counted: counted.nullable(),
          }),
        )
        .describe("SKUs that the sale had before, without those that belong to another sale now."),
      saleLimit: z
        .strictObject({
          limit: count,
          mostPerPerson: count.nullable(),
          overLimit: count.nullable(),
          miscounted: count
            .nullable()
            .describe("People for whom the limit counts other units than the ledgers have."),
        })
        .exactOptional()
        .describe("The limit of the whole sale per person. Null: not known."),
      sold: z.strictObject({ from: time, stepSeconds: z.number(), units: z.array(z.number()) }),
      money: moneyFacts,
      draw: z
        .array(z.strictObject({ name: z.string(), ok: z.boolean(), detail: z.string() }))
        .nullable()
        .exactOptional(),
      suspicions: z.strictObject({
        clusters: z.array(cluster),
        compared: count,
        isPartial: z.boolean(),
      }),
      traffic: traffic.nullable(),
    })
    .meta({
      id: "Report",
      description: "The report of a sale, without user ids and addresses.",
    }),
);

export const signedReport = z
  .strictObject({
    report,
    jws: z.string().describe("A compact JWS whose payload is the JSON of the report."),
  })
  .meta({ id: "SignedReport" });

export const reportKeys = z
  .strictObject({
    keys: z.array(
      z.strictObject({
        kty: z.literal("OKP"),
        crv: z.literal("Ed25519"),
        x: z.string(),
        kid: z.string(),
        alg: z.literal("EdDSA"),
        use: z.literal("sig"),
      }),
    ),
  })
  .meta({ id: "ReportKeys", description: "A JWK set (RFC 7517)." });

export const takenBack = z
  .strictObject({
    results: z.array(
      z.strictObject({
        orderId: z.string(),
        outcome: z.enum(["refunding", "cancelled", "unchanged", "refused", "unknown"]),
        code: z.enum(Object.keys(ERRORS) as [ErrorCode]).exactOptional(),
      }),
    ),
    left: count.describe("Orders that were not tried. The same request goes on with them."),
  })
  .meta({ id: "TakenBack" }) satisfies z.ZodType<TakeBackResult>;
