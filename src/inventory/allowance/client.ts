// Calls the objects that count a sale's units for each person.
import { buyerHash } from "../buyers.ts";
import type { Lease, LeaseCommand, Report } from "./decide.ts";

export type AllowanceEnv = Pick<Env, "SALE_ALLOWANCE">;

export type LeaseAnswer =
  | { ok: true; lease: Lease | null }
  | { ok: false; reason: "limit_reached" | "undecided"; mayHaveOrder: boolean };

/** The object's use cases. */
export interface AllowanceStub {
  lease(command: LeaseCommand): Promise<LeaseAnswer>;
  settle(saleId: string, reports: Report[]): Promise<void>;
}

/**
 * Objects of one sale. Together they take far more attempts than the objects of its SKUs. The number is part of their names,
 * and so is `buyerHash`: after a change of either, a sale would forget what its people have.
 */
const BUCKETS = 64;

/** The object that counts a person's units in a sale. */
export const allowanceName = (saleId: string, userId: string): string =>
  `${saleId}.${buyerHash(userId) % BUCKETS}`;

/** A new stub each time, because a stub that threw is dead. */
export const allowanceAt = (env: AllowanceEnv, name: string): AllowanceStub =>
  env.SALE_ALLOWANCE.getByName(name) as unknown as AllowanceStub;

export const leaseUnits = (env: AllowanceEnv, command: LeaseCommand): Promise<LeaseAnswer> =>
  allowanceAt(env, allowanceName(command.saleId, command.userId)).lease(command);
