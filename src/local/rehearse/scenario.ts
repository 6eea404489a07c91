// The types of a rehearsal's scenarios. A scenario sends one crowd of buyers to one sale.
import type { Caller, Ledger, LiveAnswer, PublicSale, SaleInput, Sku } from "../client.ts";
import type { Instance } from "./instance.ts";
import type { LineRecord } from "./line-record.ts";
import type { Options } from "./options.ts";
import type { Recorder } from "./recorder.ts";

/** What a scenario's sale is planned from. */
export interface PlanInput {
  /** The server's time in milliseconds. */
  now: number;
  /** Number of buyers in this scenario. */
  buyerCount: number;
  /** Paid SKUs can be bought, because no real card would be charged. */
  canPay: boolean;
  /** The allowed pace of payments, and what the provider gets, are known. */
  knowsPace: boolean;
  /** The sale challenges suspicious buyers. */
  challengesBots: boolean;
}

/** A sale without its ids and texts. SKU names are unique within it. */
export type SalePlan = Pick<
  SaleInput,
  "opensAt" | "closesAt" | "admission" | "protection" | "perUserLimit"
> & {
  skus: Omit<Sku, "id">[];
};

export interface Scenario {
  name: string;
  /** The sale to create; undefined if this instance cannot run the scenario. */
  plan(input: PlanInput): SalePlan | undefined;
  /** Set if --bots applies. */
  hasBots?: true;
  /** Number of buyers in this scenario, for a given --buyers. */
  buyerCount(buyers: number): number;
  /** Index of the SKU that person `nth` wants. Default: each SKU in turn. */
  skuOf?(nth: number): number;
  run(
    context: ScenarioContext,
    buyers: Buyer[],
    options: Pick<Options, "concurrency">,
  ): Promise<void>;
}

/** A simulated person or bot. */
export interface Buyer extends Caller {
  /** Index among the people, or among the bots. It determines the buyer's behavior. */
  nth: number;
  user: string;
  sku: Sku;
  /** Undefined for people. */
  bot?: BotKind;
}

export interface BotKind {
  name: string;
  /** The address that all bots of this kind share, if they do. */
  address?: string;
  /** Bursts of attempts, sent one burst after another. The attempts within a burst are concurrent. */
  bursts(context: ScenarioContext, bot: Buyer): (BotAttempt | Promise<BotAttempt>)[][];
}

/** How a bot's request differs from a plain order. `{}`: no difference, but no page visit before it. */
export interface BotAttempt {
  /** `undefined` sends no token. */
  token?: string | undefined;
  /** The token is invalid: the attempt must not create an order. */
  forged?: true;
  ip?: string | undefined;
  headers?: { [name: string]: string };
}

/** A version of the sale. It took effect between `sentAt` and `answeredAt` (server time in milliseconds). */
export interface SaleVersion {
  sentAt: number;
  answeredAt: number;
  sale: PublicSale;
}

/** A deny rule for one user. It is certainly in force from `answeredAt` to `liftSentAt`. */
export interface Denial {
  user: string;
  sentAt: number;
  answeredAt: number;
  liftSentAt: number;
  liftedAt: number;
}

/** A refund that the operator requested of an order, and that was accepted. */
export interface OperatorRefund {
  /** The order's id. */
  id: string;
  quantity: number;
  backOnSale: boolean;
  sentAt: number;
  /** When its money and units had certainly been returned. Infinity if that was not seen. */
  returnedAt: number;
}

/** A running scenario: its instance, its sale, and what was observed. */
export interface ScenarioContext extends Instance {
  saleId: string;
  skus: Sku[];
  recorder: Recorder;
  /** Every version of the sale, oldest first. */
  history: SaleVersion[];
  denials: Denial[];
  refunds: OperatorRefund[];
  /** `answeredAt`: when the answer arrived, a time of the server in milliseconds. */
  live: (LiveAnswer & { answeredAt: number })[];
  /** Ledger reports the operator read during the scenario. */
  ledgers: Ledger[];
  /** What was observed of the sale's line; absent if it has none. */
  line?: LineRecord;
}
