// Calls the objects that count a sale's units for each person.
import { buyerHash } from "../buyers.ts";
import type { Lease, LeaseCommand, Report } from "./decide.ts";

export type AllowanceEnv = Pick<Env, "SALE_ALLOWANCE">;

export type LeaseAnswer =
  | { ok: true; lease: Lease | null }
  | { ok: false; reason: "limit_reached" | "undecided"; mayHaveOrder: boolean };

/** The units that an allowance counts for one attempt, apart from open leases. */
export interface CountedUnits {
  userId: string;
  skuId: string;
  units: number;
}

/** The place of a share among all of an object. */
export interface ShareRef {
  userId: string;
  skuId: string;
  key: string;
}

export interface CountedPage {
  counted: CountedUnits[];
  /** Where the following page starts. Null after the last one. */
  next: ShareRef | null;
}

/** The object's use cases. */
export interface AllowanceStub {
  lease(command: LeaseCommand): Promise<LeaseAnswer>;
  settle(saleId: string, reports: Report[]): Promise<void>;
  /** A page of what is counted, for the report of the sale. */
  audit(after: ShareRef | null): Promise<CountedPage>;
  /** Deletes everything, once the sale was a rehearsal that is over. */
  erase(): Promise<void>;
}

/**
 * Objects of one sale. Together they take far more attempts than the objects of its SKUs. The number is part of their names,
 * and so is `buyerHash`: after a change of either, a sale would forget what its people have.
 */
const BUCKETS = 64;

/** The object that counts a person's units in a sale. */
export const allowanceName = (saleId: string, userId: string): string =>
  `${saleId}.${buyerHash(userId) % BUCKETS}`;

/** All objects of a sale. */
export const allowanceNames = (saleId: string): string[] =>
  Array.from({ length: BUCKETS }, (_, n) => `${saleId}.${n}`);

/** A new stub each time, because a stub that threw is dead. */
export const allowanceAt = (env: AllowanceEnv, name: string): AllowanceStub =>
  env.SALE_ALLOWANCE.getByName(name) as unknown as AllowanceStub;

export const leaseUnits = (env: AllowanceEnv, command: LeaseCommand): Promise<LeaseAnswer> =>
  allowanceAt(env, allowanceName(command.saleId, command.userId)).lease(command);
