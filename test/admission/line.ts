// Sales with a line in worker tests. Tests publish the line themselves, as its controller would.
import { onTestFinished, vi } from "vitest";
import { type Arrival, lineField } from "../../src/admission/client.ts";
import { signPass } from "../../src/admission/pass.ts";
import type { Draw } from "../../src/admission/place-formula.ts";
import type { PublicLine, PublishedLine } from "../../src/admission/public-line.ts";
import { signTicket } from "../../src/admission/ticket.ts";
import type { Sale } from "../../src/catalog/schema.ts";
import { ticketCookie } from "../../src/funnel/admission.ts";
import { SaleLine } from "../../src/line/sale-line.ts";
import { SIGNING_SECRET } from "../support/http.ts";
import { KEYS, redis } from "../support/redis.ts";
import { aSale, aSku, putSale } from "../support/shop.ts";

export interface LineScene {
  sale: Sale;
  saleId: string;
  skuId: string;
  /** When registration closed: milliseconds. */
  closesAt: number;
}

/**
 * Keeps the real controller from publishing until the end of the test.
 *
 * @param published what it answers
 * @returns a spy on the reports of arrivals
 */
export function controllerAnswers(published: PublishedLine | null) {
  const spies = [
    vi.spyOn(SaleLine.prototype, "configure").mockResolvedValue(null as never),
    vi.spyOn(SaleLine.prototype, "published").mockResolvedValue(published as never),
  ];
  const reports = vi.spyOn(SaleLine.prototype, "report").mockResolvedValue(0 as never);
  onTestFinished(() => {
    for (const spy of [...spies, reports]) spy.mockRestore();
  });
  return reports;
}

/** The cookie in which this person's browser keeps a ticket. */
export const cookieOf = (
  { saleId }: Pick<LineScene, "saleId">,
  { id }: { id: string },
  ticket: string,
): string => `${ticketCookie({ saleId, userId: id })}=${ticket}`;

/** The batches of arrivals that were reported for a sale. */
export const reportsFor = (
  reports: ReturnType<typeof controllerAnswers>,
  saleId: string,
): Arrival[][] =>
  reports.mock.calls.flatMap(([arrivals], call) => {
    const { ctx } = reports.mock.contexts[call] as unknown as { ctx: DurableObjectState };
    return ctx.id.name === saleId ? [arrivals] : [];
  });

/** Given an open sale with a line, whose registration closed when it opened, an hour ago. */
export async function givenLineSale(
  sku: Parameters<typeof aSku>[0] = {},
  changes: Partial<Sale> = {},
): Promise<LineScene> {
  controllerAnswers(null);
  const item = aSku({ stock: 1_000, ...sku });
  const admission = { mode: "queue", ratePerSecond: 10 } as const;
  const sale = await putSale(aSale({ admission, skus: [item], ...changes }));
  return { sale, saleId: sale.id, skuId: item.id, closesAt: Date.parse(sale.opensAt) };
}

interface Position extends Partial<PublicLine> {
  draw?: Draw | null;
}

/** The line of a sale as its controller would publish it. */
export function aPublishedLine(
  { sale, saleId, closesAt }: LineScene,
  { draw = null, ...changes }: Position = {},
): PublishedLine {
  const asOf = Date.now();
  const line: PublicLine = {
    asOf: new Date(asOf).toISOString(),
    mode: "queue",
    opensAt: sale.opensAt,
    registrationOpensAt: new Date(closesAt - 900_000).toISOString(),
    registrationClosesAt: new Date(closesAt).toISOString(),
    frontier: 0,
    registered: 0,
    waiting: 0,
    admittedPerSecond: 0,
    ratePerSecond: 10,
    arrivals: [
      [0, 0],
      [1, 0],
    ],
    paused: false,
    over: false,
    mayReturn: false,
    notice: null,
    pollSeconds: 2,
    soonestEndSeconds: 3_600,
    historyHash: "0".repeat(64),
    ...changes,
  };
  const pass = signPass(SIGNING_SECRET, { saleId, frontier: line.frontier, asOf, closesAt, draw });
  return { line, pass };
}

/** Publishes a line to Redis. */
export async function publishLine(scene: LineScene, position: Position = {}): Promise<void> {
  const text = JSON.stringify(aPublishedLine(scene, position));
  await redis("HSET", KEYS.live, lineField(scene.saleId), text);
}

/** A ticket of somebody who came `seconds` after the close. Their place is 1 plus that, and less than a millisecond. */
export const lateTicket = (
  { saleId, closesAt }: Pick<LineScene, "saleId" | "closesAt">,
  userId: string,
  seconds: number,
  challenged = false,
): string =>
  signTicket(SIGNING_SECRET, { saleId, userId }, { at: closesAt + seconds * 1_000, challenged });
