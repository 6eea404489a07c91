// Reads everything that the report of a sale is about: the ledgers of its SKUs page by page, its line, and the metrics.
import { lineOf } from "../../admission/client.ts";
import { lineSettings, registrationOf } from "../../admission/settings.ts";
import { type DrawCheck, verifyDraw } from "../../admission/verify-draw.ts";
import { type Sale, saleState } from "../../catalog/schema.ts";
import { registryOf } from "../../catalog/store.ts";
import type { AppContext } from "../../http/request.ts";
import {
  allowanceAt,
  allowanceNames,
  type CountedPage,
  type ShareRef,
} from "../../inventory/allowance/client.ts";
import { KEEP_MS } from "../../inventory/allowance/decide.ts";
import type { AuditedOrder, AuditPage } from "../../inventory/audit.ts";
import { atObject } from "../../inventory/client.ts";
import type { OrderRef } from "../../inventory/order-id.ts";
import { chainOf } from "../../line/beacon.ts";
import { causeOf, log } from "../../observability/log.ts";
import { LONGEST_SECONDS, readSpan } from "../../observability/read-metrics.ts";
import { checksOf } from "./checks.ts";
import type { LedgerReading, Report, Traffic } from "./document.ts";
import { ledgerFacts } from "./ledger-facts.ts";
import { MoneyTally } from "./money.ts";
import { SaleTally } from "./sale-tally.ts";
import { Suspects } from "./suspects.ts";
import { SkuTally } from "./tally.ts";
import { Timeline } from "./timeline.ts";
import { trafficOf } from "./traffic.ts";

type Scope = AppContext["var"]["scope"];

/** The metrics of a sale count from a minute before it to ten minutes after it, when the last orders are settled. */
const BEFORE_MS = 60_000;
const AFTER_MS = 600_000;

/** The report of a sale. Undefined if it does not exist. */
export async function readReport(scope: Scope, saleId: string): Promise<Report | undefined> {
  const { env } = scope;
  const found = await registryOf(env).find({ sale: saleId });
  const sale = found?.sale;
  if (!sale) return undefined;
  const money = new MoneyTally();
  const sold = new Timeline(Date.parse(sale.opensAt));
  const suspects = new Suspects();
  const people = sale.perUserLimit === undefined ? undefined : new SaleTally(sale.perUserLimit);
  const onSale = new Set(sale.skus.map(({ id }) => id));
  const each: Visit = (order, skuId) => {
    if (order.saleId !== saleId) return;
    money.add(order);
    suspects.add(order, skuId);
    if (onSale.has(skuId)) people?.add(order);
    if (order.status === "confirmed") sold.add(order.createdAt, order.units);
  };
  const former: string[] = await registryOf(env).formerSkus(saleId);
  const [skus, formerSkus, draw, traffic] = await Promise.all([
    inTurn(sale.skus, async ({ id, name, unitPrice, perUserLimit }) => ({
      ...{ id, name, unitPrice, perUserLimit },
      ...(await readLedger(scope, id, perUserLimit, each)),
    })),
    inTurn(former, async (id) => ({ id, ...(await readLedger(scope, id, Infinity, each)) })),
    readDraw(scope, sale),
    readTraffic(scope, sale, Date.now()),
  ]);
  const saleLimit = people?.facts(await addCounted(scope, sale, people));
  const { id, title, opensAt, closesAt } = sale;
  const facts = {
    skus,
    formerSkus,
    money: money.facts(),
    ...(saleLimit === undefined ? {} : { saleLimit }),
    ...(draw === undefined ? {} : { draw }),
  };
  return {
    version: 1,
    sale: { id, title, opensAt, closesAt, state: saleState(sale, Date.now()) },
    generatedAt: new Date().toISOString(),
    checks: checksOf(facts),
    sold: sold.view(),
    ...facts,
    suspicions: suspects.view(),
    traffic,
  };
}

type Visit = (order: AuditedOrder, skuId: string) => void;

/** One ledger after the other, so that the memory of one page is enough. */
async function inTurn<Of, Facts>(all: readonly Of[], read: (each: Of) => Promise<Facts>) {
  const facts: Facts[] = [];
  for (const each of all) facts.push(await read(each));
  return facts;
}

/** @param limit the most units that one person may have */
async function readLedger(
  { env }: Scope,
  id: string,
  limit: number,
  visit: Visit,
): Promise<LedgerReading> {
  const unknown: LedgerReading = { ledger: null, counted: null };
  const readUnits = () => atObject(env, id, (object) => object.report());
  try {
    const before = await readUnits();
    if (!before) return unknown;
    const tally = new SkuTally(limit);
    let withdrawn = 0;
    let after: OrderRef | null = null;
    do {
      const page: AuditPage = await atObject(env, id, (object) => object.audit(after));
      for (const order of page.orders) {
        tally.add(order);
        visit(order, id);
      }
      ({ withdrawn, next: after } = page);
    } while (after);
    const now = (await readUnits()) ?? before;
    return { ledger: ledgerFacts(before, now, withdrawn), counted: tally.end() };
  } catch (error) {
    log("report.part_unknown", { skuId: id, step: "ledger", cause: causeOf(error) });
    return unknown;
  }
}

/** Adds what the allowances of a sale count for its SKUs. Returns false if one did not answer, or may be deleted. */
async function addCounted({ env }: Scope, sale: Sale, people: SaleTally): Promise<boolean> {
  if (Date.now() >= Date.parse(sale.closesAt) + KEEP_MS) return false;
  const skuIds = new Set(sale.skus.map(({ id }) => id));
  try {
    for (const name of allowanceNames(sale.id)) {
      let after: ShareRef | null = null;
      do {
        const page: CountedPage = await allowanceAt(env, name).audit(after);
        for (const one of page.counted) if (skuIds.has(one.skuId)) people.addCounted(one);
        after = page.next;
      } while (after);
    }
    return true;
  } catch (error) {
    log("report.part_unknown", { saleId: sale.id, step: "allowance", cause: causeOf(error) });
    return false;
  }
}

/** Checks the draw as anyone can. Undefined if the sale has no line, null if the line does not answer. */
async function readDraw(
  { env, config }: Scope,
  sale: Sale,
): Promise<DrawCheck[] | null | undefined> {
  if (!lineSettings(sale)) return undefined;
  try {
    const document = await lineOf(env, sale.id).draw();
    return document && (await verifyDraw(document, { chain: chainOf(config) }));
  } catch (error) {
    log("report.part_unknown", { saleId: sale.id, step: "draw", cause: causeOf(error) });
    return null;
  }
}

async function readTraffic({ env }: Scope, sale: Sale, now: number): Promise<Traffic | null> {
  const start = (registrationOf(sale)?.opensAt ?? Date.parse(sale.opensAt)) - BEFORE_MS;
  const oldest = now - LONGEST_SECONDS * 1_000;
  const [from, to] = [Math.max(start, oldest), Math.min(now, Date.parse(sale.closesAt) + AFTER_MS)];
  if (from >= to) return null;
  const { frame, missing } = await readSpan(env, from, to);
  return {
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    missingShards: missing,
    isCut: start < oldest,
    ...trafficOf(frame, sale.id),
  };
}
