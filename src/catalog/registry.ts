// The Durable Object that stores what operators decide: all sales, deny and allow rules, switches, and the log of who changed
// what. It gives every change a revision. Being single-threaded, it serializes conflicting changes. Redis and the SKU objects
// hold copies that can be rebuilt from it at any time.
import { DurableObject } from "cloudflare:workers";
import { MAX_GRANT_SECONDS } from "../admission/rehearsal.ts";
import { decideRestock, type RestockCommand } from "../inventory/decide-stock.ts";
import { decideSwitches, type SwitchChange, type SwitchSetting } from "./decide-switches.ts";
import type { Action, Completion, LogEntry, NewEntry, Target } from "./log-entry.ts";
import { LogTable } from "./log-table.ts";
import { holds, type Precondition } from "./precondition.ts";
import { RegistryPublication } from "./registry-publication.ts";
import {
  type ArchivePage,
  type Confirmation,
  etagOfSale,
  etagOfSwitches,
  type Published,
  type PublishedCatalog,
  type PutResult,
  type RegisteredRule,
  type RegisteredRules,
  type RegisteredSale,
  type RegisteredSwitches,
  type RemoveResult,
  type RestockResult,
  type SaleWithStock,
  type SwitchResult,
} from "./registry-types.ts";
import { RuleTable } from "./rule-table.ts";
import { SaleTables } from "./sale-tables.ts";
import type { Sale, Sku } from "./schema.ts";
import { SwitchTable } from "./switch-table.ts";
import { isInForce, toPublished } from "./switches.ts";

/** Every edge looks through all switches for each order. */
const MAX_SWITCHES = 200;

const withStock = (sale: Sale, stockOf: (sku: Sku) => number): Sale => ({
  ...sale,
  skus: sale.skus.map((sku) => ({ ...sku, stock: stockOf(sku) })),
});

export class SaleRegistry extends DurableObject<object> {
  readonly #tables: SaleTables;
  readonly #rules: RuleTable;
  readonly #log: LogTable;
  readonly #switches: SwitchTable;
  readonly #publication: RegistryPublication;

  constructor(ctx: DurableObjectState, env: object) {
    super(ctx, env);
    this.#tables = new SaleTables(ctx.storage);
    this.#rules = new RuleTable(ctx.storage.sql);
    this.#log = new LogTable(ctx.storage.sql);
    this.#switches = new SwitchTable(ctx.storage.sql);
    const switches = () => this.switches().switches.map(toPublished);
    this.#publication = new RegistryPublication(this.#tables, switches);
    this.sweep();
  }

  // ---- changes

  /** Creates or replaces a sale. A SKU can belong to one sale only, because its id names one object. */
  put(sale: Sale, condition: Precondition = {}): PutResult {
    const before = this.#tables.sale(sale.id);
    if (!holds(condition, etagOfSale(before))) return { ok: false, reason: "precondition_failed" };
    if (before && before.sale?.rehearsal !== sale.rehearsal)
      return { ok: false, reason: "rehearsal" };
    if (sale.rehearsal && !before?.sale && this.#mayBeGranted(sale.id))
      return { ok: false, reason: "rehearsal_granted" };
    for (const { id: skuId } of sale.skus) {
      const owner = this.#tables.saleOfSku(skuId);
      // The orders of a rehearsal are removed with it, so it takes no SKU that has been another sale's.
      if (owner && (owner.onSale || sale.rehearsal) && owner.saleId !== sale.id) {
        return { ok: false, reason: "sku_taken", skuId, saleId: owner.saleId };
      }
    }
    const isFirst = this.#publication.isEmpty;
    const registered = this.#write(sale.id, sale);
    return { ok: true, created: !before?.sale, isFirst, registered };
  }

  /** Deletes a sale. `removed` is false if it was deleted before. */
  remove(id: string, condition: Precondition = {}): RemoveResult {
    const before = this.#tables.sale(id);
    if (!holds(condition, etagOfSale(before))) return { ok: false, reason: "precondition_failed" };
    if (!before) return { ok: false, reason: "not_found" };
    if (!before.sale) return { ok: true, removed: false, registered: before };
    return { ok: true, removed: true, registered: this.#write(id, null) };
  }

  /** Deletes the rows of a deleted sale, of its SKUs and of its switches, after a rehearsal. Only the log still names it. */
  forget(id: string): void {
    const registered = this.#tables.sale(id);
    if (!registered || registered.sale) return;
    const isOther = ({ sale, sku }: SwitchSetting) =>
      sale !== id && !registered.former.includes(sku ?? "");
    this.#switches.replace(this.#switches.all().filter(isOther));
    this.#tables.forget(id);
    this.#publication.changed(this.#next(), { older: true });
  }

  /**
   * Changes the stock of a SKU that is on sale, once per key.
   *
   * @param command.used the quantity of an earlier restock with this key that the SKU's object recorded. Objects
   *   recorded keys before the registry did.
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
   * Records what the objects of a sale reported for a revision. Ignores a revision that was replaced since. If an
   * object stocks another number than the document, the object is right: a purchase came at the same moment, or
   * the restock dates from before restocks changed documents.
   *
   * @returns the sale with its document corrected, which its objects have to learn; null if nothing was wrong
   */
  confirm(id: string, revision: number, objects: Confirmation[]): RegisteredSale | null {
    const current = this.#tables.sale(id);
    if (current?.revision !== revision) return null;
    for (const object of objects) this.#tables.confirm(revision, object);
    const unsold = this.#tables.sale(id)?.unsold ?? [];
    if (unsold.length !== current.unsold.length)
      this.#publication.changed(this.#next(), { older: false });
    const stocked = new Map(objects.map((object) => [object.skuId, object.stocked]));
    const { sale } = current;
    if (!sale?.skus.some((sku) => (stocked.get(sku.id) ?? sku.stock) !== sku.stock)) return null;
    return this.#write(
      id,
      withStock(sale, (sku) => stocked.get(sku.id) ?? sku.stock),
    );
  }

  // ---- reads

  /** Null if the sale never existed. */
  show(id: string): SaleWithStock | null {
    const registered = this.#tables.sale(id);
    return registered ? this.#withStocked(registered) : null;
  }

  /** A sale by its id or by the id of one of its SKUs. Null if there is none. */
  find(name: { sale: string } | { sku: string }): RegisteredSale | null {
    const owner = "sku" in name ? this.#tables.saleOfSku(name.sku) : undefined;
    const id = "sale" in name ? name.sale : owner?.onSale && owner.saleId;
    const found = id ? this.#tables.sale(id) : undefined;
    return found?.sale ? found : null;
  }

  /** A page of archived sales that are listed, latest end first. `after` is the last sale of the page before. */
  older(after: string | null, limit: number): ArchivePage {
    return this.#tables.older(after, limit);
  }

  /** A page of all sales ordered by id, including deleted ones. */
  page(after: string, limit: number): RegisteredSale[] {
    return this.#tables.page(after, limit);
  }

  /** All SKUs that ever existed. */
  skuIds(): string[] {
    return this.#tables.skuIds();
  }

  /** The SKUs that left a sale, unless they are another's now. */
  formerSkus(saleId: string): string[] {
    return this.#tables.formerSkus(saleId);
  }

  /** A page of the existing sales ordered by id, with the stock of their objects. */
  list(after: string, limit: number): SaleWithStock[] {
    return this.#tables.livingPage(after, limit).map((registered) => this.#withStocked(registered));
  }

  /** The catalog for the edges. */
  published(): { version: number; catalog: PublishedCatalog } {
    return this.#publication.read();
  }

  /** The same, without the catalog if the edge already holds this version. */
  publishedAfter(held: number | undefined): Published {
    return this.#publication.after(held);
  }

  /** Archives sales that closed too long ago, and publishes the ones that take their place. Call it regularly. */
  sweep(): void {
    if (this.#tables.sweep(Date.now())) this.#publication.changed(this.#next(), { older: true });
  }

  // ---- rules

  /** Returns the new version of the rules. */
  putRule(name: string, text: string): number {
    this.#rules.put(name, text);
    return this.#rulesChanged();
  }

  /** Returns whether the rule existed, and the version of the rules after its removal. */
  removeRule(name: string): { removed: boolean; version: number } {
    const removed = this.#rules.remove(name);
    return { removed, version: removed ? this.#rulesChanged() : this.#tables.counter("rules") };
  }

  /** Removes rules whose texts have not changed since they were read. */
  removeRules(rules: RegisteredRule[]): void {
    for (const rule of rules) this.#rules.removeUnchanged(rule);
  }

  rules(): RegisteredRules {
    return { version: this.#tables.counter("rules"), rules: this.#rules.all() };
  }

  // ---- the log

  /** Logs an action that is about to happen. Returns the id of its entry. */
  beginEntry(entry: NewEntry): number {
    return this.#log.begin(entry, Date.now());
  }

  completeEntry(id: number, completion: Completion): void {
    this.#log.complete(id, completion);
  }

  /** The number of log entries with this action and target since a time (milliseconds), except those that were refused. */
  countEntries(action: Action, target: Target, since: number): number {
    return this.#log.count(action, target, since);
  }

  /** A page of the log, newest first: entries before the id `before`, and about `target` if one is given. */
  logPage(target: string | undefined, before: number | undefined, limit: number): LogEntry[] {
    return this.#log.page(target, before, limit);
  }

  // ---- switches

  /** The switches in force that are not at their default. */
  switches(): RegisteredSwitches {
    const now = Date.now();
    const switches = this.#switches.all().filter((each) => isInForce(each, now));
    return { version: this.#tables.counter("switches"), switches };
  }

  /** Sets switches, all or none. With `dryRun`, only says what would change. */
  setSwitches(
    change: SwitchChange,
    condition: Precondition = {},
    { dryRun = false } = {},
  ): SwitchResult {
    const version = this.#tables.counter("switches");
    if (!holds(condition, etagOfSwitches({ version }))) {
      return { ok: false, reason: "precondition_failed" };
    }
    const index = change.settings.findIndex((setting) => !this.#hasTarget(setting));
    if (index >= 0) return { ok: false, reason: "not_found", index };
    const { switches, edits } = decideSwitches(this.#switches.all(), change, Date.now());
    if (switches.length > MAX_SWITCHES) return { ok: false, reason: "too_many" };
    if (!dryRun && edits.length > 0) {
      this.#switches.replace(switches);
      const changed = this.#next();
      this.#tables.setCounter("switches", changed);
      this.#publication.changed(changed, { older: false });
    }
    return { ok: true, ...this.switches(), edits };
  }

  /** Whether a grant of an earlier rehearsal with this id may still be good. It would be good for a new one too. */
  #mayBeGranted(id: string): boolean {
    const since = Date.now() - MAX_GRANT_SECONDS * 1_000;
    return this.#log.count("rehearsal.granted", `sale/${id}`, since) > 0;
  }

  #hasTarget({ sale, sku }: SwitchSetting): boolean {
    if (sku !== undefined) return this.#tables.saleOfSku(sku) !== undefined;
    return sale === undefined || this.#tables.sale(sale)?.sale !== undefined;
  }

  #withStocked(registered: RegisteredSale): SaleWithStock {
    return { registered, stocked: this.#tables.stocked(registered.id) };
  }

  #rulesChanged(): number {
    const version = this.#next();
    this.#tables.setCounter("rules", version);
    return version;
  }

  /** The next revision: the time in milliseconds, but always above the last one, even if the clock was set back. */
  #next(): number {
    const next = Math.max(Date.now(), this.#tables.counter("revision") + 1);
    this.#tables.setCounter("revision", next);
    return next;
  }

  #write(id: string, sale: Sale | null): RegisteredSale {
    const revision = this.#next();
    this.#tables.save(id, revision, sale);
    this.#publication.name(id, sale);
    const moved = this.#tables.sweep(Date.now());
    this.#publication.changed(revision, { older: moved || !this.#tables.isActive(id) });
    return this.#tables.sale(id) as RegisteredSale;
  }
}
