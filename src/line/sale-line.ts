// The Durable Object of one sale's line: it moves the frontier by its alarm, and publishes the line in Redis. Everything it
// decides is in `line.ts` and `decide-frontier.ts`.
import { DurableObject } from "cloudflare:workers";
import type { BeaconRound } from "../admission/beacon-chain.ts";
import type {
  Arrival,
  ConfigureLine,
  LineChange,
  LineReport,
  LineTerms,
} from "../admission/client.ts";
import type { DrawDocument } from "../admission/draw.ts";
import { toHex } from "../admission/hex.ts";
import type { PublishedLine } from "../admission/public-line.ts";
import { readStock } from "../catalog/live-reading.ts";
import type { CatalogScope } from "../catalog/store.ts";
import { SwitchReader } from "../catalog/switch-reader.ts";
import { requireConfig } from "../config/config.ts";
import { AlarmClock } from "../inventory/alarm-clock.ts";
import { eraseObject } from "../inventory/erase-object.ts";
import { migrate } from "../migrate.ts";
import { causeOf, log } from "../observability/log.ts";
import { type ArrivalCurve, curveOf } from "./arrival-curve.ts";
import { ArrivalSample } from "./arrival-sample.ts";
import { chainOf, fetchRound } from "./beacon.ts";
import { sampleLine } from "./gauges.ts";
import { changeLine, configureLine, isBeaconDue, type Line, tick, withBeacon } from "./line.ts";
import { publishLine } from "./publication.ts";
import { nextTickAt } from "./schedule.ts";
import { readingOf, type StockReading } from "./stock-reading.ts";
import { LineTables, MIGRATIONS } from "./tables.ts";
import { drawDocument, publishedLine, reportOf } from "./views.ts";

const SEED_BYTES = 32;

/** The interface is documented in `admission/client.ts`. */
export class SaleLine extends DurableObject<CatalogScope["env"]> {
  readonly #tables: LineTables;
  readonly #alarm: AlarmClock;
  readonly #switches: SwitchReader;
  #revision: number;
  #line: Line | null;
  #arrivals: ArrivalSample;
  /** Whether arrivals were reported since the last tick. */
  #hasNews = false;
  #curve: { curve: ArrivalCurve; closesAt: number } | undefined;

  constructor(ctx: DurableObjectState, env: CatalogScope["env"]) {
    super(ctx, env);
    migrate(ctx.storage, MIGRATIONS);
    this.#tables = new LineTables(ctx.storage.sql);
    const { revision, line } = this.#tables.load();
    this.#revision = revision;
    this.#line = line;
    this.#arrivals = this.#tables.loadArrivals();
    this.#alarm = new AlarmClock(ctx.storage);
    this.#switches = new SwitchReader(env);
    void ctx.blockConcurrencyWhile(async () => {
      await this.#alarm.load();
      this.#schedule();
    });
  }

  configure({ saleId, revision, terms }: ConfigureLine): LineTerms | null {
    if (revision > this.#revision) {
      const seed = toHex(crypto.getRandomValues(new Uint8Array(SEED_BYTES)).buffer);
      const origin = { seed, chain: chainOf(requireConfig(this.env)) };
      const line = configureLine(this.#line, { saleId, terms }, origin, Date.now());
      this.#save(line, revision);
      if (line?.seed === seed) this.#forgetArrivals();
      // A sale without a line needs no tick, except one that takes it out of Redis.
      if (line) this.#alarm.fireBy([Date.now()]);
    }
    this.#schedule();
    return this.#current?.terms ?? null;
  }

  report(arrivals: Arrival[], level: number): number {
    if (!this.#current) return level;
    if (this.#arrivals.merge({ level, entries: arrivals })) {
      this.#hasNews = true;
      this.#curve = undefined;
    }
    this.#schedule();
    return this.#arrivals.level;
  }

  published(): PublishedLine | null {
    this.#schedule();
    const line = this.#current;
    const { SIGNING_SECRET } = requireConfig(this.env);
    return line && publishedLine(SIGNING_SECRET, line, this.#curveOf(line), Date.now());
  }

  draw(): DrawDocument | null {
    return this.#current && drawDocument(this.#current, () => this.#tables.history());
  }

  change(change: LineChange): LineReport | null {
    if (!this.#current) return null;
    this.#save(changeLine(this.#current, change));
    this.#alarm.fireBy([Date.now()]);
    return this.operatorReport();
  }

  operatorReport(): LineReport | null {
    this.#schedule();
    const line = this.#current;
    return line && reportOf(line, this.#curveOf(line), Date.now());
  }

  erase(): Promise<void> {
    return eraseObject(this.ctx);
  }

  /** A tick. If anything fails in it, the next one is still due, and the frontier stands still meanwhile. */
  override async alarm(): Promise<void> {
    this.#alarm.fired();
    try {
      await this.#tick();
      // The output gate holds the request until everything that it tells is durable.
      const saleId = this.#line?.saleId;
      if (saleId) await publishLine(requireConfig(this.env), saleId, this.published());
    } catch (error) {
      log("line.tick_failed", { saleId: this.#line?.saleId ?? "", cause: causeOf(error) });
    } finally {
      this.#schedule();
    }
  }

  async #tick(): Promise<void> {
    const [stock, beacon, isStopped] = await Promise.all([
      this.#readStock(),
      this.#fetchBeacon(),
      this.#isStopped(),
    ]);
    // The line may have changed meanwhile. From here on nothing is awaited.
    const current = this.#current;
    if (!current) return;
    const known = { ...(beacon ? withBeacon(current, beacon) : current), isStopped };
    const { line, step } = tick(known, this.#curveOf(known), stock, Date.now());
    this.ctx.storage.transactionSync(() => {
      if (this.#hasNews) this.#tables.saveArrivals(this.#arrivals);
      if (step) this.#tables.addStep(step);
      this.#save(line);
    });
    this.#hasNews = false;
    sampleLine(line, this.#curveOf(line));
  }

  /** Null if the stock cannot be read. */
  async #readStock(): Promise<StockReading | null> {
    const skus = this.#current?.terms.skus ?? [];
    const scope = {
      config: requireConfig(this.env),
      env: this.env,
      waitUntil: (work: Promise<unknown>) => this.ctx.waitUntil(work),
    };
    return readingOf(skus, await readStock(scope, skus));
  }

  /** Whether a switch stops the sale. While that is not known, it does not: the line must move on. */
  async #isStopped(): Promise<boolean> {
    const sale = this.#current?.saleId;
    const switches = sale === undefined ? undefined : await this.#switches.read({ sale });
    return (switches?.paused ?? switches?.readOnly) !== undefined;
  }

  async #fetchBeacon(): Promise<BeaconRound | null> {
    const line = this.#current;
    if (!line || !isBeaconDue(line, Date.now())) return null;
    return fetchRound(requireConfig(this.env), line.chain, line.round);
  }

  /** The line, if the sale has one now. */
  get #current(): Line | null {
    return this.#line?.isActive ? this.#line : null;
  }

  #curveOf({ terms }: Line): ArrivalCurve {
    const closesAt = terms.registrationClosesAt;
    if (this.#curve?.closesAt !== closesAt) {
      this.#curve = { curve: curveOf(this.#arrivals, closesAt), closesAt };
    }
    return this.#curve.curve;
  }

  /** Stored first: nobody may learn of a line that is not. */
  #save(line: Line | null, revision = this.#revision): void {
    this.#tables.save(revision, line);
    this.#revision = revision;
    this.#line = line;
  }

  #forgetArrivals(): void {
    this.#arrivals = new ArrivalSample();
    this.#curve = undefined;
    this.#tables.clear();
  }

  #schedule(): void {
    const line = this.#current;
    const at = line && nextTickAt(line, () => this.#curveOf(line), this.#hasNews, Date.now());
    if (at !== null) this.#alarm.fireBy([at]);
  }
}
