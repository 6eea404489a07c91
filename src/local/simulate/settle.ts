// Settles accepted orders: the outbox of their object, the queue, the consumer, and the read model. The payments of
// paid ones start at the pace of the real schedule.
import { MAX_PAUSE_MS } from "../../inventory/hold-clock.ts";
import type { OrderRow } from "../../inventory/order.ts";
import { COLLECT_MS, MAX_BATCH } from "../../inventory/outbox.ts";
import { RateSchedule } from "../../payments/rate-schedule.ts";
import type { Inventory } from "./inventory.ts";
import type { Lane } from "./lane.ts";
import { Server } from "./server.ts";
import type { World } from "./world.ts";

/** As in wrangler.toml: messages of a batch, and how long the first waits for the others. */
const BATCH = 100;
const BATCH_MS = 1_000;
/** Messages written, delivered and acknowledged. */
const OPERATIONS = 3;

interface Message {
  lane: Lane;
  row: OrderRow;
  /** When it was accepted: milliseconds since the opening. */
  at: number;
  isPaid: boolean;
}

export class Settlement {
  readonly queue: Server;
  readonly provider: Server;
  readonly #world: World;
  readonly #inventory: () => Inventory;
  readonly #outboxes = new Map<Lane, Message[]>();
  readonly #schedule: RateSchedule;
  #batch: Message[] = [];
  /** Payments in line, from `#started` on. */
  readonly #line: Message[] = [];
  #started = 0;
  #isPumping = false;

  constructor(world: World, inventory: () => Inventory) {
    const { limits } = world;
    this.#world = world;
    this.#inventory = inventory;
    this.queue = new Server("queue", limits.queuePerSecond);
    this.provider = new Server("payment provider", limits.providerPerSecond);
    this.#schedule = new RateSchedule(limits.paymentsPerSecond);
  }

  /** The order changed: its object collects messages for a moment, then sends them. */
  post(message: Message): void {
    const { calendar } = this.#world;
    const pending = this.#outboxes.get(message.lane) ?? [];
    this.#outboxes.set(message.lane, pending);
    pending.push(message);
    if (pending.length === 1) {
      calendar.at(calendar.now + COLLECT_MS, () => this.#send(message.lane));
    }
  }

  #send(lane: Lane): void {
    const { calendar, tally } = this.#world;
    const pending = this.#outboxes.get(lane) ?? [];
    const sent = pending.splice(0, MAX_BATCH);
    tally.queueOperations += OPERATIONS * sent.length;
    for (const message of sent) {
      calendar.at(this.queue.serve(calendar.now), () => this.#enqueue(message));
    }
    if (pending.length > 0) calendar.at(calendar.now, () => this.#send(lane));
  }

  #enqueue(message: Message): void {
    const { calendar } = this.#world;
    const batch = this.#batch;
    batch.push(message);
    if (batch.length === BATCH) this.#deliver(batch);
    else if (batch.length === 1) {
      calendar.at(calendar.now + BATCH_MS, () => {
        if (batch === this.#batch) this.#deliver(batch);
      });
    }
  }

  /** The consumer: a claim at each object, then one command for all orders. */
  #deliver(batch: Message[]): void {
    const { calendar, limits, redis, tally } = this.#world;
    this.#batch = [];
    let claimedAt = 0;
    for (const [lane, messages] of Map.groupBy(batch, (message) => message.lane)) {
      const work = 1 + limits.settleShare * messages.length;
      const at = lane.server.serve(calendar.now + limits.hopMs, work);
      calendar.at(at, () => this.#claimed(messages));
      claimedAt = Math.max(claimedAt, at);
    }
    calendar.at(claimedAt + limits.hopMs, () => {
      const written = redis.serve(calendar.now) + limits.redisMs;
      tally.settledAt = Math.max(tally.settledAt, written);
    });
  }

  #claimed(messages: Message[]): void {
    const { calendar } = this.#world;
    if (this.#started === this.#line.length) this.#schedule.idle(calendar.now);
    for (const message of messages) {
      if (!this.#world.scenario.isPaid) this.#inventory().claim(message.lane, message.row);
      else if (!message.isPaid) this.#line.push(message);
    }
    this.#pump();
  }

  /** Starts the payments that may start now. */
  #pump(): void {
    if (this.#isPumping || this.#started === this.#line.length) return;
    const { calendar } = this.#world;
    const delay = this.#schedule.delay(calendar.now);
    if (delay === 0) this.#start(this.#line[this.#started] as Message);
    this.#isPumping = true;
    calendar.at(calendar.now + delay, () => {
      this.#isPumping = false;
      this.#pump();
    });
  }

  #start(message: Message): void {
    const { calendar, limits, tally } = this.#world;
    const { now } = calendar;
    this.#started += 1;
    this.#schedule.start(now);
    this.provider.record(now, 1);
    if (now - message.at > MAX_PAUSE_MS) tally.latePayments += 1;
    calendar.at(now + limits.paymentMs, () => {
      const { server } = message.lane;
      calendar.at(server.serve(calendar.now + limits.hopMs), () => {
        message.lane.sell();
        this.post({ ...message, isPaid: true });
      });
    });
  }
}
