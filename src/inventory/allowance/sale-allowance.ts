// The Durable Object that counts, for some of a sale's people, the units of all its SKUs. It decides without an await between
// load and save. Its rows only say what the ledgers may have; the ledgers have the truth, and are asked in doubt.
import { DurableObject } from "cloudflare:workers";
import { atObject, type InventoryEnv } from "../client.ts";
import { eraseObject } from "../erase-object.ts";
import type { AllowanceStub, CountedPage, LeaseAnswer, ShareRef } from "./client.ts";
import {
  applyReport,
  decideLease,
  KEEP_MS,
  LEASE_MS,
  type LeaseCommand,
  type Report,
  type Share,
} from "./decide.ts";
import { ShareTable } from "./tables.ts";
import { Waiting } from "./waiting.ts";

/** Longest an attempt waits here for what is undecided about its person. */
const WAIT_MS = 1_000;
/** Most rows that one alarm deletes, and the pause before the next one. */
const DELETE_PER_ALARM = 2_000;
const DELETE_PAUSE_MS = 1_000;

export class SaleAllowance extends DurableObject<InventoryEnv> implements AllowanceStub {
  readonly #shares: ShareTable;
  readonly #waiting = new Waiting();
  #isKept = false;

  constructor(ctx: DurableObjectState, env: InventoryEnv) {
    super(ctx, env);
    this.#shares = new ShareTable(ctx.storage);
  }

  /** Grants the units of an attempt, or says why not. What is open is waited for, and asked of its ledger if that is due. */
  async lease(command: LeaseCommand): Promise<LeaseAnswer> {
    const { userId } = command;
    const waitUntil = Date.now() + WAIT_MS;
    const asked = new Set<string>();
    for (;;) {
      const decision = this.#decide(command);
      if (decision.ok) return { ok: true, lease: decision.lease };
      if (decision.reason === "limit_reached") return decision;
      const { reason, mayHaveOrder } = decision;
      const toAsk = decision.stale.filter(({ skuId }) => !asked.has(skuId));
      for (const { skuId } of toAsk) asked.add(skuId);
      if (toAsk.length > 0) await this.#ask(command, toAsk);
      else {
        // The clock may be set back meanwhile.
        const left = Math.min(waitUntil - Date.now(), WAIT_MS);
        if (!(await this.#waiting.next(userId, left))) return { ok: false, reason, mayHaveOrder };
      }
    }
  }

  /** Applies what ledgers report. Each report may come twice, late, or never. */
  async settle(saleId: string, reports: Report[]): Promise<void> {
    if (reports.length > 0) this.#keep(saleId);
    for (const report of reports) this.#apply(report);
  }

  async audit(after: ShareRef | null): Promise<CountedPage> {
    return this.#shares.page(after);
  }

  erase(): Promise<void> {
    return eraseObject(this.ctx);
  }

  /** Forgets the shares once their sale is over for good. The ledgers know until when it sells. */
  override async alarm(): Promise<void> {
    const saleId = this.#shares.saleId ?? "";
    const closes = await Promise.all(
      this.#shares
        .skuIds()
        .map((skuId) => atObject(this.env, skuId, (inventory) => inventory.closesAt(saleId))),
    );
    const keepUntil = Math.max(...closes.map((closesAt) => closesAt ?? 0), 0) + KEEP_MS;
    const now = Date.now();
    this.#isKept = false;
    if (keepUntil > now) await this.ctx.storage.setAlarm(keepUntil);
    else if (this.#shares.deleteSome(DELETE_PER_ALARM)) {
      await this.ctx.storage.setAlarm(now + DELETE_PAUSE_MS);
    }
  }

  #decide(command: LeaseCommand): ReturnType<typeof decideLease> {
    const now = Date.now();
    const lease = { id: crypto.randomUUID().slice(0, 13), until: now + LEASE_MS };
    const decision = decideLease(this.#shares.of(command.userId), command, lease, now);
    if (decision.ok && decision.share) {
      this.#keep(command.saleId);
      this.#shares.save(command.userId, decision.share);
    }
    return decision;
  }

  #apply(report: Report): void {
    const { userId, skuId, key } = report;
    const shares = this.#shares.of(userId);
    const share = shares.find((one) => one.skuId === skuId && one.key === key);
    const after = applyReport(share, report);
    if (after === undefined) return;
    if (after) this.#shares.save(userId, after);
    else this.#shares.delete(userId, report);
    this.#waiting.wake(userId);
  }

  /** Asks the ledgers what became of some shares. One that does not answer leaves its shares open. */
  async #ask({ saleId, userId }: LeaseCommand, shares: Share[]): Promise<void> {
    const bySku = Map.groupBy(shares, ({ skuId }) => skuId);
    const asked = [...bySku].map(async ([skuId, open]) => {
      const attempts = open.map(({ key, leases }) => ({ key, leases }));
      const answers = await atObject(this.env, skuId, (inventory) =>
        inventory.attempts({ saleId, userId, open: attempts }),
      );
      for (const answer of answers) this.#apply({ ...answer, skuId });
    });
    await Promise.allSettled(asked);
  }

  /** Makes sure that the alarm will look whether the shares are still needed. */
  #keep(saleId: string): void {
    if (this.#isKept) return;
    this.#isKept = true;
    if (this.#shares.saleId === undefined) this.#shares.saleId = saleId;
    const { storage } = this.ctx;
    void storage.getAlarm().then((at) => {
      if (at === null) return storage.setAlarm(Date.now() + KEEP_MS);
    });
  }
}
