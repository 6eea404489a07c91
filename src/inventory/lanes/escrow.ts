// How the units of a SKU move between the objects that share it. The root has all units and grants some to the other lanes.
// Both sides count what they gave and got, and no counter ever falls, so a message that is lost, repeated or late changes
// nothing: units that one side counts and the other does not are on the way, and the next message brings them. Pure.
import { type Layout, lanesEver, objectName, ROOT } from "../order-id.ts";

/** The units that a lane got from the root and gave back, counted since the SKU was created. */
export interface Loan {
  granted: number;
  returned: number;
  /** Units that refunds took off sale. They left the lane's stock and that of the SKU. */
  withdrawn: number;
}

/** The root's account of the other lanes. */
export interface Account {
  /** Counts the changes between spreading (even) and pooling (odd). */
  phase: number;
  /** By lane. The first one is lane 1. */
  loans: Loan[];
}

/** A lane's account of what it got from the root. */
export interface Share {
  lane: number;
  /** The number of lanes when the object was made. */
  of: number;
  received: number;
  returned: number;
  /** The highest phase that the root has told. */
  phase: number;
}

/** A lane's message to the root. */
export interface LaneReport extends Omit<Share, "of"> {
  withdrawn: number;
}

/** The root's message to a lane. */
export interface RootWord {
  granted: number;
  phase: number;
}

/** The units of one object. */
export interface Held {
  /** Units that are on sale here: available, held and sold. All units, unless the SKU has lanes. */
  stocked: number;
  /** Units that refunds have taken off sale since the first one. At the root, those of all lanes. Absent before. */
  withdrawn?: number;
  /** In the root of a SKU with lanes. */
  account?: Account;
  /** In its other lanes. */
  share?: Share;
  /** Absent if the number of lanes has never changed. */
  layout?: Layout;
}

type AtRoot<H extends Held = Held> = H & { account: Account };
type AtLane<H extends Held = Held> = H & { share: Share };

/** A grant takes one part in so many of the free units for each lane, so that none runs dry long before the others. */
const PARTS = 4;

/** The lanes as the object knows them. */
export const layoutOf = ({ layout, account, share }: Held): Layout =>
  layout ?? { since: 0, lanes: share?.of ?? (account?.loans.length ?? 0) + 1, former: [] };

/** Whether a lane is no longer among those of new buyers. It keeps its orders, and gets only the units that their buyers want. */
const isRetired = (held: Held, lane: number): boolean => lane >= layoutOf(held).lanes;

/** While pooling, no lane keeps a free unit, so the root alone knows whether one is left. */
export const isPooling = ({ phase }: { phase: number }): boolean => phase % 2 === 1;

/** Units that are with other lanes or on the way. */
export const lentUnits = ({ loans = [] }: Partial<Account> = {}): number =>
  loans.reduce((sum, { granted, returned, withdrawn }) => sum + granted - returned - withdrawn, 0);

/** All units of the SKU, at its root. */
export const totalUnits = ({ stocked, account }: Held): number => stocked + lentUnits(account);

/**
 * What an object adds to the free units of its SKU, or takes from them. All these parts add up to the free units, those on the way
 * included, whatever moves between the objects meanwhile. Undefined if the SKU has one object.
 *
 * @param used units held or sold here
 */
export function partOfFree(
  { stocked, withdrawn = 0, account, share }: Held,
  used: number,
): number | undefined {
  if (share) return -used - withdrawn;
  return account?.loans.reduce(
    (sum, { granted, returned }) => sum + granted - returned,
    stocked - used,
  );
}

export const loanOf = ({ loans }: Account, lane: number): Loan => loans[lane - 1] as Loan;

const withLoan = <H extends AtRoot>(setup: H, lane: number, change: Partial<Loan>): H => ({
  ...setup,
  account: {
    ...setup.account,
    loans: setup.account.loans.map((loan, n) => (n === lane - 1 ? { ...loan, ...change } : loan)),
  },
});

/** The root after a report: units that the lane gave back are the root's, and withdrawn ones are no longer on sale. */
export function afterReport<H extends AtRoot>(setup: H, report: LaneReport): H {
  const loan = loanOf(setup.account, report.lane);
  const back = Math.max(0, report.returned - loan.returned);
  const gone = Math.max(0, report.withdrawn - loan.withdrawn);
  if (back === 0 && gone === 0) return setup;
  const returned = loan.returned + back;
  const withdrawn = loan.withdrawn + gone;
  const after = withLoan(setup, report.lane, { returned, withdrawn });
  const all = (setup.withdrawn ?? 0) + gone;
  return { ...after, stocked: setup.stocked + back, ...(all > 0 ? { withdrawn: all } : {}) };
}

/** Units that a lane still needs, apart from those that are on the way to it. */
const missingUnits = ({ account }: AtRoot, { lane, received }: LaneReport, wants: number) =>
  wants - (loanOf(account, lane).granted - received);

/**
 * The root after it granted a lane what it wants: just that while pooling, and a block of units more while spreading. It grants
 * less than the lane wants only if `isFinal`, when no other units can come: otherwise collecting would take them back.
 */
export function afterGrant<H extends AtRoot>(
  setup: H,
  free: number,
  report: LaneReport,
  wants: number,
  isFinal: boolean,
): H {
  const missing = missingUnits(setup, report, wants);
  if (missing <= 0) return setup;
  const turned = inPhase(setup, free);
  if (free < missing && !isFinal) return turned;
  const { account } = turned;
  const getsBlock = !isPooling(account) && !isRetired(setup, report.lane);
  const extra = getsBlock ? Math.floor(free / (PARTS * layoutOf(setup).lanes)) : 0;
  const units = Math.min(free, missing + extra);
  const { granted } = loanOf(account, report.lane);
  if (units <= 0) return turned;
  const after = withLoan(turned, report.lane, { granted: granted + units });
  return { ...after, stocked: after.stocked - units };
}

/** The root after it gave each lane that has no units an equal part of the free ones. The same if it pools, or soon will. */
export function afterSpread<H extends AtRoot>(setup: H, free: number): H {
  if (isPooling(setup.account) || isPooling(inPhase(setup, free).account)) return setup;
  const { account } = setup;
  const lacks = ({ granted, returned, withdrawn }: Loan, n: number) =>
    !isRetired(setup, n + 1) && granted === returned + withdrawn;
  const lacking = account.loans.filter(lacks).length;
  if (lacking === 0) return setup;
  const share = Math.floor(free / (lacking + 1));
  const loans = account.loans.map((loan, n) =>
    lacks(loan, n) ? { ...loan, granted: loan.granted + share } : loan,
  );
  return { ...setup, stocked: setup.stocked - lacking * share, account: { ...account, loans } };
}

/** The root in the phase that fits its free units. Far more of them are needed to leave pooling than to enter it. */
function inPhase<H extends AtRoot>(setup: H, free: number): H {
  const least = PARTS * layoutOf(setup).lanes;
  if (isPooling(setup.account)) return free >= 4 * least ? nextPhase(setup) : setup;
  return free < least ? nextPhase(setup) : setup;
}

const nextPhase = <H extends AtRoot>(setup: H): H => ({
  ...setup,
  account: { ...setup.account, phase: setup.account.phase + 1 },
});

/** The root while it pools. */
export const pooling = <H extends AtRoot>(setup: H): H =>
  isPooling(setup.account) ? setup : nextPhase(setup);

/** The lane after a word of the root. */
export function afterWord<H extends AtLane>(setup: H, { granted, phase }: RootWord): H {
  const { share, stocked } = setup;
  const units = Math.max(0, granted - share.received);
  if (units === 0 && phase <= share.phase) return setup;
  const received = share.received + units;
  return {
    ...setup,
    stocked: stocked + units,
    share: { ...share, received, phase: Math.max(phase, share.phase) },
  };
}

/** The lane after it gave back what it may not keep: its free units, while pooling or once it is retired. */
export function afterReturn<H extends AtLane>(setup: H, free: number): H {
  const { share, stocked } = setup;
  const mayKeep = !isPooling(share) && !isRetired(setup, share.lane);
  if (mayKeep || free <= 0) return setup;
  return {
    ...setup,
    stocked: stocked - free,
    share: { ...share, returned: share.returned + free },
  };
}

export const reportOfLane = ({ share, withdrawn = 0 }: AtLane): LaneReport => {
  const { of: _, ...rest } = share;
  return { ...rest, withdrawn };
};

export const isRoot = <H extends Held>(setup: H | null): setup is AtRoot<H> =>
  setup?.account !== undefined;
export const isLane = <H extends Held>(setup: H | null): setup is AtLane<H> =>
  setup?.share !== undefined;

/** The name of the object that has this setup. */
export const nameOf = ({ skuId, share }: Held & { skuId: string }): string =>
  objectName({ skuId, lane: share?.lane ?? ROOT });

const NO_LOAN: Loan = { granted: 0, returned: 0, withdrawn: 0 };

/**
 * The account or share of an object, which continues with what it has. Neither if the SKU has always had one object.
 *
 * @param lanes the number of lanes, of which the SKU has had `ever` at most
 */
export function accountsOf(
  lane: number,
  lanes: number,
  ever = lanes,
  { account, share }: Pick<Held, "account" | "share"> = {},
): Pick<Held, "account" | "share"> {
  if (ever === 1 && !account && !share) return {};
  if (lane > 0) return { share: share ?? { lane, of: lanes, received: 0, returned: 0, phase: 0 } };
  const { phase = 0, loans = [] } = account ?? {};
  const more = Array.from({ length: Math.max(0, ever - 1 - loans.length) }, () => NO_LOAN);
  return { account: { phase, loans: [...loans, ...more] } };
}

/** The object after it learned how many lanes the SKU has. The same if it knew. */
export function afterChange<H extends Held>(held: H, layout: Layout | undefined): H {
  if (!layout || layout.since <= layoutOf(held).since) return held;
  const lane = held.share?.lane ?? ROOT;
  return { ...held, layout, ...accountsOf(lane, layout.lanes, lanesEver(layout), held) };
}
