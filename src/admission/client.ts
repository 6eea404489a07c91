// Calls the object that controls a sale's line. The interface is written out here, because the object itself is in a
// layer above.
import * as z from "zod";
import type { DrawDocument } from "./draw.ts";
import type { PublishedLine } from "./public-line.ts";
import { type LineMode, rateSchema } from "./settings.ts";

export interface LineEnv {
  SALE_LINES: DurableObjectNamespace;
}

/** A SKU as its line knows it. */
export interface LineSku {
  id: string;
  /** Units put on sale in total. */
  stock: number;
  isFree: boolean;
  perUserLimit: number;
  /** The number of objects that share it. Absent: 1. */
  lanes?: number;
  /** Numbers of objects that it was before. */
  former?: readonly number[];
}

/** The terms of a sale's line. Times are milliseconds. */
export interface LineTerms {
  mode: LineMode;
  ratePerSecond: number;
  opensAt: number;
  closesAt: number;
  registrationOpensAt: number;
  registrationClosesAt: number;
  /** Units of all SKUs together that one person may have. Absent: only the limits of the SKUs count. */
  perUserLimit?: number;
  skus: LineSku[];
}

export interface ConfigureLine {
  saleId: string;
  /** The revision of the sale. The newer one wins. */
  revision: number;
  /** Null if the sale has no line, or no longer exists. */
  terms: LineTerms | null;
}

/** One person's arrival: a keyed 52-bit hash of the user id, and the earliest time (milliseconds). */
export type Arrival = [hash: number, at: number];

/** An operator's change of a line, applied at once. */
export const lineChangeSchema = z.strictObject({
  ratePerSecond: rateSchema.optional(),
  paused: z.boolean().optional(),
  /** Shown to everyone who waits. Null removes it. */
  notice: z.string().trim().min(1).max(300).nullable().optional(),
});

export type LineChange = z.output<typeof lineChangeSchema>;

/** A line as its operator sees it. Times are ISO 8601. */
export interface LineReport {
  saleId: string;
  mode: LineMode;
  ratePerSecond: number;
  paused: boolean;
  notice: string | null;
  registrationOpensAt: string;
  registrationClosesAt: string;
  frontier: number;
  over: boolean;
  /** People, estimated above 4,096. */
  registered: number;
  waiting: number;
  admitted: number;
  /** Units taken. */
  bought: number;
  /** People who were admitted and took nothing within a minute. */
  noShows: number;
  /** People admitted beyond what the stock could serve. */
  overshoot: number;
  beacon: { round: number; state: "waiting" | "late" | "known" };
}

export interface LineStub {
  /** Applies the terms unless newer ones are known. Returns the terms in effect. */
  configure(command: ConfigureLine): Promise<LineTerms | null>;
  /**
   * Counts arrivals. Any report may be repeated, late or reordered. `level`: the sender's sampling level.
   *
   * @returns the line's sampling level: hashes outside it need no report
   */
  report(arrivals: Arrival[], level: number): Promise<number>;
  /** The line as it is published. Null if the sale has none. */
  published(): Promise<PublishedLine | null>;
  /** The public part of the draw. Null if the sale has no line. */
  draw(): Promise<DrawDocument | null>;
  /** Applies an operator's change. Null if the sale has no line. */
  change(change: LineChange): Promise<LineReport | null>;
  operatorReport(): Promise<LineReport | null>;
  /** Deletes everything, once the sale was a rehearsal that is over. */
  erase(): Promise<void>;
}

/** A new stub each time, because a stub that threw is dead. */
export const lineOf = ({ SALE_LINES }: LineEnv, saleId: string): LineStub =>
  SALE_LINES.getByName(saleId) as unknown as LineStub;

/** The field of a sale's `PublishedLine` in the hash `live` in Redis. No SKU id has a slash. */
export const lineField = (saleId: string): string => `line/${saleId}`;
