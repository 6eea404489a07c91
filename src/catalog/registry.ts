// The Durable Object that keeps what operators decide: all sales, and deny and allow rules. It gives each
// change its revision, and decides on what it knows at that moment: of two operators who change one thing,
// one comes first. Redis and the SKU objects hold copies that can be made again from here at any time.
import { DurableObject } from "cloudflare:workers";
import { decideRestock, type RestockCommand } from "../inventory/decide-stock.ts";
import { holds, type Precondition } from "./precondition.ts";
import {
  type Confirmation,
  etagOfSale,
  filterOfNames,
  nameHash,
  type OlderPage,
  type Published,
  type PublishedCatalog,
  type RegisteredSale,
  type ShownSale,
} from "./registry-types.ts";
import { SaleTables } from "./sale-tables.ts";
import type { Sale, Sku } from "./schema.ts";

export type PutResult =
  | { ok: true; created: boolean; isFirst: boolean; registered: RegisteredSale }
  | { ok: false; reason: "precondition_failed" }
  | { ok: false; reason: "sku_taken"; skuId: string; saleId: string };

export type RemoveResult =
  | { ok: true; removed: boolean; registered: RegisteredSale }
  | { ok: false; reason: "precondition_failed" | "not_found" };

export type RestockResult =
  | { ok: true; replayed: boolean; registered: RegisteredSale }
  | { ok: false; reason: "not_found" | "idempotency_key_reused" | "below_committed" }
  | { ok: false; reason: "too_many"; stock: number };

/** A deny or allow rule of the operator's, as a text that means nothing here. */
export interface RegisteredRule {
  name: string;
  text: string;
}

/** All rules, and the version that rises with every change of one. */
export interface RegisteredRules {
  version: number;
  rules: RegisteredRule[];
}

const withStock = (sale: Sale, stockOf: (sku: Sku) => number): Sale => ({
  ...sale,
  skus: sale.skus.map((sku) => ({ ...sku, stock: stockOf(sku) })),
});

export class SaleRegistry extends DurableObject<object> {
  readonly #sql: SqlStorage;
  readonly #tables: SaleTables;
  readonly #names = new Set<number>();
  #published: PublishedCatalog | undefined;

  constructor(ctx: DurableObjectState, env: object) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    this.#tables = new SaleTables(ctx.storage);
    for (const id of this.#tables.saleIds()) this.#names.add(nameHash("sale", id));
    for (const id of this.#tables.skuIds()) this.#names.add(nameHash("sku", id));
    this.sweep();
  }

  // ---- changes

  /** Registers a sale, new or changed. A SKU id names one object, so it can be in one sale only. */
  put(sale: Sale, condition: Precondition = {}): PutResult {
    const before = this.#tables.sale(sale.id);
    if (!holds(condition, etagOfSale(before))) return { ok: false, reason: "precondition_failed" };
    for (const { id: skuId } of sale.skus) {
      const owner = this.#tables.saleOfSku(skuId);
      if (owner?.onSale && owner.saleId !== sale.id) {
        return { ok: false, reason: "sku_taken", skuId, saleId: owner.saleId };
      }
    }
    const isFirst = this.#names.size === 0;
    const registered = this.#write(sale.id, sale);
    return { ok: true, created: !before?.sale, isFirst, registered };
  }

  /** Takes a sale off, and says whether it was on. */
  remove(id: string, condition: Precondition = {}): RemoveResult {
    const before = this.#tables.sale(id);
    if (!holds(condition, etagOfSale(before))) return { ok: false, reason: "precondition_failed" };
    if (!before) return { ok: false, reason: "not_found" };
    if (!before.sale) return { ok: true, removed: false, registered: before };
    return { ok: true, removed: true, registered: this.#write(id, null) };
  }

  /**
   * Changes the stock of a SKU that is on sale, once for each key. `used`: the quantity for which the key was
   * used at the SKU's object, which used to keep the keys.
   */
  restock({
    skuId,
    key,
    ...command
  }: RestockCommand & { skuId: string; key: string }): RestockResult {
    const owner = this.#tables.saleOfSku(skuId);
    const registered = owner?.onSale ? this.#tables.sale(owner.saleId) : undefined;
    const sku = registered?.sale?.skus.find(({ id }) => id === skuId);
    if (!registered?.sale || !sku) return { ok: false, reason: "not_found" };
    const used = this.#tables.restockOf(skuId, key) ?? command.used;
    const decision = decideRestock(sku.stock, { ...command, used });
    if (!decision.ok) return decision;
    if (decision.replayed) return { ok: true, replayed: true, registered };
    this.#tables.saveRestock(skuId, key, command.quantity);
    const sale = withStock(registered.sale, ({ id, stock }) =>
      id === skuId ? decision.stock : stock,
    );
    return { ok: true, replayed: false, registered: this.#write(sale.id, sale) };
  }

  /**
   * Notes what the objects of a sale said when they were told a revision; ignored if that was replaced. An
   * object that stocks another number than the document says is right: somebody bought at the same moment,
   * or it was restocked before restocks changed documents.
   *
   * @returns the sale with its document corrected, for its objects to learn; null when nothing was wrong
   */
  confirm(id: string, revision: number, objects: Confirmation[]): RegisteredSale | null {
    const current = this.#tables.sale(id);
    if (current?.revision !== revision) return null;
    for (const object of objects) this.#tables.confirm(revision, object);
    const known = this.#tables.sale(id)?.unsold ?? [];
    if (known.length !== current.unsold.length) this.#changed(this.#next(), { older: false });
    const stocked = new Map(objects.map((object) => [object.skuId, object.stocked]));
    const { sale } = current;
    if (!sale?.skus.some((sku) => (stocked.get(sku.id) ?? sku.stock) !== sku.stock)) return null;
    return this.#write(
      id,
      withStock(sale, (sku) => stocked.get(sku.id) ?? sku.stock),
    );
  }

  // ---- reading

  /** Null when there never was such a sale. */
  show(id: string): ShownSale | null {
    const registered = this.#tables.sale(id);
    return registered ? this.#shown(registered) : null;
  }

  /** A sale by its id or that of one of its SKUs; null when there is none. */
  find(name: { sale: string } | { sku: string }): RegisteredSale | null {
    const owner = "sku" in name ? this.#tables.saleOfSku(name.sku) : undefined;
    const id = "sale" in name ? name.sale : owner?.onSale && owner.saleId;
    const found = id ? this.#tables.sale(id) : undefined;
    return found?.sale ? found : null;
  }

  /** Sales that are not in the published catalog, latest end first; `after` is the last one seen. */
  older(after: string | null, limit: number): OlderPage {
    return this.#tables.older(after, limit);
  }

  /** A page of all sales in the order of their ids, deleted ones included. */
  page(after: string, limit: number): RegisteredSale[] {
    return this.#tables.page(after, limit);
  }

  /** Every SKU there ever was. */
  skuIds(): string[] {
    return this.#tables.skuIds();
  }

  /** A page of the sales that exist, in the order of their ids, with what their objects stock. */
  list(after: string, limit: number): ShownSale[] {
    return this.#tables.livingPage(after, limit).map((registered) => this.#shown(registered));
  }

  /** What edges know, made once for each version. */
  published(): { version: number; catalog: PublishedCatalog } {
    const version = this.#tables.counter("published");
    if (this.#published?.version !== version) {
      this.#published = {
        version,
        olderVersion: this.#tables.counter("older"),
        older: this.#tables.olderCount,
        sales: this.#tables.active(),
        names: String(filterOfNames(this.#names)),
      };
    }
    return { version, catalog: this.#published };
  }

  /** The same for an edge that may hold the version already. */
  publishedAfter(held: number | undefined): Published {
    const version = this.#tables.counter("published");
    return version === held ? { version } : this.published();
  }

  /** Time passes: of the sales that closed, only the last stay published. */
  sweep(): void {
    if (this.#tables.sweep(Date.now())) this.#changed(this.#next(), { older: true });
  }

  // ---- rules

  /** Returns the new version of the rules. */
  putRule(name: string, text: string): number {
    this.#sql.exec("INSERT OR REPLACE INTO rules VALUES (?, ?)", name, text);
    return this.#rulesChanged();
  }

  /** Whether there was such a rule, and the version of the rules afterwards. */
  removeRule(name: string): { removed: boolean; version: number } {
    const removed = this.#sql.exec("DELETE FROM rules WHERE name = ?", name).rowsWritten > 0;
    return { removed, version: removed ? this.#rulesChanged() : this.#tables.counter("rules") };
  }

  /** Removes rules that are still what they were when they were read. */
  removeRules(rules: RegisteredRule[]): void {
    for (const { name, text } of rules) {
      this.#sql.exec("DELETE FROM rules WHERE name = ? AND text = ?", name, text);
    }
  }

  rules(): RegisteredRules {
    const rules = [
      ...this.#sql.exec("SELECT name, text FROM rules"),
    ] as unknown as RegisteredRule[];
    return { version: this.#tables.counter("rules"), rules };
  }

  #shown(registered: RegisteredSale): ShownSale {
    return { registered, stocked: this.#tables.stocked(registered.id) };
  }

  #rulesChanged(): number {
    const version = this.#next();
    this.#tables.setCounter("rules", version);
    return version;
  }

  /** Milliseconds, but always rising, whatever the clock does. */
  #next(): number {
    const next = Math.max(Date.now(), this.#tables.counter("revision") + 1);
    this.#tables.setCounter("revision", next);
    return next;
  }

  #changed(version: number, { older }: { older: boolean }): void {
    this.#tables.setCounter("published", version);
    if (older) this.#tables.setCounter("older", version);
  }

  #write(id: string, sale: Sale | null): RegisteredSale {
    const revision = this.#next();
    this.#tables.save(id, revision, sale);
    this.#names.add(nameHash("sale", id));
    for (const sku of sale?.skus ?? []) this.#names.add(nameHash("sku", sku.id));
    const moved = this.#tables.sweep(Date.now());
    this.#changed(revision, { older: moved || !this.#tables.isActive(id) });
    return this.#tables.sale(id) as RegisteredSale;
  }
}
