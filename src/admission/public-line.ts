// The line as everyone sees it. One answer for all who wait: each browser compares it with its own ticket.
import * as z from "zod";

const instant = z.iso.datetime();
const count = z.number().min(0);
/** SHA-256 in hexadecimal. */
export const digestSchema = z.string().regex(/^[0-9a-f]{64}$/);

/** Most points of the curve of arrivals. */
export const MAX_ARRIVAL_POINTS = 100;

/** How soon those next in line should look again, in seconds. Edges read the line once per second. */
export const POLL_SECONDS = {
  waiting: 2,
  /** Everything may be sold in seconds. */
  ending: 1,
  /** A restock can still make the line move. */
  over: 30,
};

export const publicLineSchema = z.object({
  /** When the controller decided it: ISO 8601, like all times here. */
  asOf: instant,
  mode: z.enum(["queue", "draw"]),
  opensAt: instant,
  registrationOpensAt: instant,
  registrationClosesAt: instant,
  /** Everyone whose place is at or below it is admitted. 0 before anyone is. */
  frontier: z.number().min(0),
  /** People with a ticket, and those of them who are not admitted yet. Estimates above 4,096. */
  registered: count,
  waiting: count,
  /** As measured over the last 30 seconds. */
  admittedPerSecond: count,
  /** The operator's rate, which is the most. */
  ratePerSecond: count,
  /**
   * How many people have a place up to each point: `[place, people]`, places strictly increasing. The first is `[0, 0]`,
   * the second `[1, early]`.
   */
  arrivals: z.array(z.tuple([z.number(), count])).max(MAX_ARRIVAL_POINTS),
  /** Whether the operator has stopped admissions for the moment. */
  paused: z.boolean(),
  /** Whether nobody else will be admitted: the sale has closed, or everything is sold. */
  over: z.boolean(),
  /** Whether nothing is free, but held units may come back. */
  mayReturn: z.boolean(),
  /** The operator's text, else `beacon_late` while the draw waits for the beacon, or null. */
  notice: z.string().nullable(),
  /** Whether the draw waits for the beacon. Absent if an earlier release published the line. */
  beaconLate: z.boolean().optional(),
  /** How soon those next in line should look again. */
  pollSeconds: z.number().positive(),
  /** The line cannot be over sooner than this after `asOf`, unless units sell faster than lately. */
  soonestEndSeconds: z.number().min(0),
  /** The last link of the chain over all positions of the frontier so far, see `history.ts`. */
  historyHash: digestSchema,
});

export type PublicLine = z.output<typeof publicLineSchema>;

/** Whether everything may be sold in seconds, so that no cache may add to the age of an answer. */
export const isEnding = ({ pollSeconds }: Pick<PublicLine, "pollSeconds">): boolean =>
  pollSeconds <= POLL_SECONDS.ending;

/** The line once nobody else will be admitted. */
export const ended = (line: PublicLine): PublicLine => ({
  ...line,
  ...{ over: true, mayReturn: false, pollSeconds: POLL_SECONDS.over, soonestEndSeconds: 0 },
});

/** The line as the controller publishes it in Redis. `pass` is for the objects of SKUs, see `pass.ts`. */
export const publishedLineSchema = z.object({ line: publicLineSchema, pass: z.string() });

export type PublishedLine = z.output<typeof publishedLineSchema>;
