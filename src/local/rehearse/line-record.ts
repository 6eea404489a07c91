// What a rehearsal observes of a sale's line: what it published, and what people asked and were told.
import type { Chain } from "../../admission/draw.ts";
import type { DrawCheck } from "../../admission/verify-draw.ts";
import type { Answer, PublicLine } from "../client.ts";

/** A ticket as its owner got it. Times are the server's, in milliseconds. */
export interface TicketGiven {
  user: string;
  sentAt: number;
  answeredAt: number;
  ticket: string;
  /** Null while it is not known. */
  place: number | null;
}

/** An order that must not be accepted, because its buyer has no ticket of their own. */
export interface AttemptWithoutTurn {
  user: string;
  answer: Answer;
}

/** A person's look at the line. */
export interface Look {
  user: string;
  sentAt: number;
  answeredAt: number;
  over: boolean;
  /** Whether it was not the person's turn yet. Those who have had it may be asleep between two looks. */
  isWaiting: boolean;
}

/** Everything observed of one line. Times are the server's, in milliseconds. */
export interface LineRecord {
  ratePerSecond: number;
  /** When registration closes. */
  closesAt: number;
  /** Every different answer about the line, in the order in which they arrived. */
  samples: PublicLine[];
  looks: Look[];
  tickets: TicketGiven[];
  attempts: AttemptWithoutTurn[];
  /**
   * When the operator asked for the first ledger in which everything was sold for good; undefined while it is not. Ledgers are
   * read four times a second, so the last sale was at most as much earlier.
   */
  soldOutAt: number | undefined;
  /** The draw as published before the close, and at the end. */
  committed: unknown;
  draw: unknown;
  /** What `verifyDraw` found, by the chain that is trusted. */
  checks: DrawCheck[];
  chain: Chain | undefined;
  /** User → the place that follows from the published draw. */
  drawnPlaces: Map<string, number>;
  /** How often the instance was killed while people were admitted. */
  kills: number;
}

export const newLineRecord = (ratePerSecond: number, closesAt: number): LineRecord => ({
  ...{ ratePerSecond, closesAt, samples: [], looks: [], tickets: [], attempts: [] },
  ...{ soldOutAt: undefined, committed: undefined, draw: undefined, checks: [], chain: undefined },
  ...{ drawnPlaces: new Map(), kills: 0 },
});

/** Adds an answer about the line, unless it is already known. */
export function addSample({ samples }: LineRecord, line: PublicLine): void {
  const isKnown = samples.some(
    ({ asOf, frontier }) => asOf === line.asOf && frontier === line.frontier,
  );
  if (!isKnown) samples.push(line);
}

/** Whether a person who got a ticket at that time takes part in the draw. */
export const isEarly = ({ closesAt }: LineRecord, { answeredAt }: TicketGiven): boolean =>
  answeredAt < closesAt;

/** The place of a person: the drawn one, or that of their first ticket. Undefined if it is not known. */
export function placeOfUser(record: LineRecord, user: string): number | undefined {
  const own = record.tickets.filter((ticket) => ticket.user === user);
  const [first] = own;
  if (first && isEarly(record, first)) return record.drawnPlaces.get(user);
  return own.find(({ place }) => place !== null)?.place ?? undefined;
}
