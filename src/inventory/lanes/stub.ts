// Calls another object of the same SKU.
import type { OpenAttempts, Answer as SpentAnswer } from "../allowance/counting.ts";
import type { AuditPage } from "../audit.ts";
import type { ReserveResult } from "../buyer-use-cases.ts";
import type { ReserveCommand } from "../decide-reserve.ts";
import type { ConfigureCommand, Setup } from "../decide-stock.ts";
import type { Order, OwnedOrder } from "../order.ts";
import { type Layout, type OrderAddress, type OrderRef, objectName } from "../order-id.ts";
import type { EventFilter } from "../owed-events.ts";
import type { LedgerReport } from "../report.ts";
import type { LaneReport, RootWord } from "./escrow.ts";

export type LanesEnv = Pick<Env, "SKU_INVENTORY">;

/** The answer of an object to its configuration. */
export type Configured = Setup & { everSold: boolean };

/** The root's answer. `isDry`: no unit was free anywhere beyond the granted ones, at a moment of the exchange. */
export interface ExchangeAnswer extends RootWord {
  isDry: boolean;
}

/** A page of all orders, and where the next one starts. */
export interface OrderPage {
  orders: OwnedOrder[];
  next: OrderRef | null;
}

/** A page of orders whose events are owed again. */
export interface ResentPage {
  owed: number;
  next: OrderRef | null;
}

/** The use cases that the objects of a SKU call at each other. They are documented in `sku-inventory.ts`. */
export interface LaneStub {
  exchange(report: LaneReport, wants: number): Promise<ExchangeAnswer>;
  collected(word: RootWord): Promise<LaneReport>;
  configure(command: ConfigureCommand): Promise<Configured>;
  reserve(command: ReserveCommand, layout: Layout): Promise<ReserveResult>;
  ordersOf(userId: string, layout: Layout): Promise<Order[]>;
  attempts(asked: OpenAttempts, layout: Layout): Promise<SpentAnswer[]>;
  hasBuyer(userId: string, layout: Layout): Promise<boolean>;
  buyersUnder(layout: Layout): Promise<string>;
  countOrders(after: OrderRef | null): Promise<OrderRef | null>;
  startingWith(random: string): Promise<OwnedOrder[]>;
  resendEvents(after: OrderRef | null, filter: EventFilter): Promise<ResentPage>;
  report(): Promise<LedgerReport | null>;
  page(after: OrderRef | null): Promise<OrderPage>;
  audit(after: OrderRef | null): Promise<AuditPage>;
  sample(limit: number): Promise<OwnedOrder[]>;
  isErasable(): Promise<boolean>;
  erase(): Promise<boolean>;
}

/** A new stub each time, because a stub that threw is dead. */
export const laneAt = ({ SKU_INVENTORY }: LanesEnv, address: OrderAddress): LaneStub =>
  SKU_INVENTORY.getByName(objectName(address)) as unknown as LaneStub;
