// The types that the registry shares with edges, the operator API, and SKU objects. They are apart from the registry
// because its module imports `cloudflare:workers`, which exists in workerd only.
import type { Layout } from "../inventory/order-id.ts";
import type { SwitchEdit } from "./decide-switches.ts";
import type { Sale } from "./schema.ts";
import type { RegisteredSwitch, Switch } from "./switches.ts";

/** A sale as the registry and every copy of it store it. */
export interface RegisteredSale {
  id: string;
  /** Orders all changes of all sales: the time of the change in milliseconds, made strictly increasing. */
  revision: number;
  /** Null after the sale was deleted. */
  sale: Sale | null;
  /** Set on a rehearsal, also after it was deleted. */
  rehearsal?: true;
  /** SKUs that left this sale and joined no other. Their objects have to learn that they are off sale. */
  former: string[];
  /**
   * SKUs whose object had never accepted an order when it confirmed this revision. They cannot have sold before the
   * sale opens or changes.
   */
  unsold: string[];
  /**
   * SKU id → units that refunds had taken off sale when the document's stock was written. Tells an object whether the stock
   * counts its latest refunds. Absent if there are none.
   */
  withdrawn?: Record<string, number>;
  /** SKU id → how its number of lanes changed. Absent if none did. */
  layouts?: Record<string, LaneChange> | undefined;
}

/** The lanes that a SKU had before, and since which revision of its sale it has the present ones. See `Layout`. */
export type LaneChange = Omit<Layout, "lanes">;

/** The report of a SKU's object after it was configured with a revision of its sale. */
export interface Confirmation {
  skuId: string;
  /** Units put on sale in total, as the object counts them. */
  stocked: number;
  everSold: boolean;
  /** Units that refunds have taken off sale, ever. */
  withdrawn?: number;
}

/** A page of archived sales, and whether there are more. */
export interface ArchivePage {
  sales: RegisteredSale[];
  more: boolean;
}

/** The document that every edge holds. A newer version replaces an older one. */
export interface PublishedCatalog {
  /** Increases with every change. */
  version: number;
  /** The version of the last change that concerned an archived sale. */
  olderVersion: number;
  /** Number of archived sales. */
  older: number;
  /** Open sales, upcoming sales, and the sales that closed last. */
  sales: RegisteredSale[];
  /** A filter of the names of all sales and SKUs that ever existed, see `nameHash`. */
  names: string;
  /** The operator's switches that are not at their default. */
  switches: Switch[];
}

/** A version of the published catalog. The catalog is absent if the reader holds that version already. */
export interface Published {
  version: number;
  catalog?: PublishedCatalog;
}

/** A sale, and the units that the objects of its SKUs last reported as stocked. */
export interface SaleWithStock {
  registered: RegisteredSale;
  stocked: Record<string, number>;
}

export type PutResult =
  | { ok: true; created: boolean; isFirst: boolean; registered: RegisteredSale }
  | { ok: false; reason: "precondition_failed" }
  | { ok: false; reason: "rehearsal" }
  | { ok: false; reason: "rehearsal_granted" }
  | { ok: false; reason: "sku_taken"; skuId: string; saleId: string };

export type RemoveResult =
  | { ok: true; removed: boolean; registered: RegisteredSale }
  | { ok: false; reason: "precondition_failed" | "not_found" };

export type RestockResult =
  | { ok: true; replayed: boolean; registered: RegisteredSale }
  | { ok: false; reason: "not_found" | "idempotency_key_reused" | "below_committed" }
  | { ok: false; reason: "too_many"; stock: number };

/** An operator's deny or allow rule. The registry stores its text without parsing it. */
export interface RegisteredRule {
  name: string;
  text: string;
}

/** All rules, and their version, which increases with every change. */
export interface RegisteredRules {
  version: number;
  rules: RegisteredRule[];
}

/** The switches that are not at their default, and their version, which increases with every change. */
export interface RegisteredSwitches {
  version: number;
  switches: RegisteredSwitch[];
}

/** `not_found`: the setting with this index names a sale or a SKU that does not exist. */
export type SwitchResult =
  | ({ ok: true; edits: SwitchEdit[] } & RegisteredSwitches)
  | { ok: false; reason: "precondition_failed" | "too_many" }
  | { ok: false; reason: "not_found"; index: number };

export const etagOfSwitches = ({ version }: Pick<RegisteredSwitches, "version">): string =>
  `"${version}"`;

/** The strong entity tag of a sale. Null if the sale does not exist. */
export const etagOfSale = (registered: RegisteredSale | null | undefined): string | null =>
  registered?.sale ? `"${registered.revision}"` : null;
