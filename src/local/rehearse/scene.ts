// What a rehearsal is made of: scenes, each a crowd of its own kind at a sale of its own.
import type { Caller, Ledger, LiveAnswer, PublicSale, SaleInput, Sku } from "../client.ts";
import type { Instance } from "./instance.ts";
import type { Options } from "./options.ts";
import type { Record } from "./record.ts";

/** What a scene may count on when it plans its sale. */
export interface Setting {
  /** The server's time in milliseconds. */
  now: number;
  /** How many people come to this scene. */
  people: number;
  /** Payments go to the sandbox: paid SKUs charge nobody. */
  sandbox: boolean;
  /** Risky attempts are to be challenged. */
  guarded: boolean;
}

/** The sale of a scene; names and ids are added. SKU names are unique within it. */
export type Plan = Pick<SaleInput, "opensAt" | "closesAt" | "protection"> & {
  skus: Omit<Sku, "id">[];
};

export interface Scene {
  name: string;
  /** Undefined where this instance cannot play it. */
  plan(setting: Setting): Plan | undefined;
  /** Some of its people may be bots. */
  hasBots?: true;
  /** How many people come, of the number that was asked for. */
  people(buyers: number): number;
  play(stage: Stage, people: Buyer[], options: Pick<Options, "concurrency">): Promise<void>;
}

/** A person or a bot that wants units. */
export interface Buyer extends Caller {
  /** Counts people and bots separately: it decides how they behave. */
  nth: number;
  user: string;
  sku: Sku;
  /** What kind of bot it is; undefined for people. */
  bot?: BotKind;
}

/** A way to cheat. */
export interface BotKind {
  name: string;
  /** The address all of this kind share, where they do. */
  address?(stage: Stage): string | undefined;
  /** BotOrders, as many bursts as there are lists: those of one burst leave at the same time. */
  bursts(stage: Stage, bot: Buyer): (BotOrder | Promise<BotOrder>)[][];
}

/** What differs from an honest order; nothing: sent without a page visit, and without waiting. */
export interface BotOrder {
  /** Undefined: none. A wrong one must not get anywhere. */
  token?: string | undefined;
  forged?: true;
  ip?: string | undefined;
  headers?: { [name: string]: string };
}

/** The sale as it was from some moment of `sentAt` to `answeredAt` on (server's milliseconds). */
export interface Change {
  sentAt: number;
  answeredAt: number;
  sale: PublicSale;
}

/** A deny rule for one user: certainly in force from `answeredAt` until `liftSentAt`. */
export interface Denial {
  user: string;
  sentAt: number;
  answeredAt: number;
  liftSentAt: number;
  liftedAt: number;
}

/** A sale that is ready for its scene, and what happens there. */
export interface Stage extends Instance {
  saleId: string;
  skus: Sku[];
  record: Record;
  /** Every version of the sale, oldest first. */
  history: Change[];
  denials: Denial[];
  live: LiveAnswer[];
  /** The ledger as the operator saw it meanwhile. */
  ledgers: Ledger[];
}
