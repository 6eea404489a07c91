// Sets the object's single alarm, no later than the next duty. Each call of `setAlarm` is a billed row, so an
// alarm that is early enough stays as it is: under load that is one row every few seconds, not one per order.

/** The runtime fires an alarm within moments. An alarm that is overdue by more than this was lost. */
const OVERDUE_MS = 5_000;
/** Further ahead than any duty, because a hold lasts at most a day. A later alarm was set by a wrong clock. */
const HORIZON_MS = 2 * 86_400_000;
/**
 * Alarms are so far apart. Duties that become due within it share one: after a rush, each order would have an alarm of its own
 * otherwise. Every call ends holds as well, so no buyer waits for it.
 */
const PAUSE_MS = 500;

export class AlarmClock {
  readonly #storage: Pick<DurableObjectStorage, "getAlarm" | "setAlarm">;
  #at = Number.POSITIVE_INFINITY;
  #firedAt = Number.NEGATIVE_INFINITY;

  constructor(storage: Pick<DurableObjectStorage, "getAlarm" | "setAlarm">) {
    this.#storage = storage;
  }

  /** Reads the alarm that was set before the object slept. An overdue one may never fire: it counts as unset. */
  async load(): Promise<void> {
    const at = await this.#storage.getAlarm();
    this.#at = at === null || at <= Date.now() ? Number.POSITIVE_INFINITY : at;
  }

  /** Whether an alarm is set that cannot be relied on. */
  isLost(now: number): boolean {
    const ahead = this.#at - now;
    return ahead < -OVERDUE_MS || (ahead > HORIZON_MS && Number.isFinite(ahead));
  }

  /** Records that the alarm fired and is no longer set. */
  fired(): void {
    this.#at = Number.POSITIVE_INFINITY;
    this.#firedAt = Date.now();
  }

  /** Makes sure that the alarm fires at the earliest of these times (milliseconds), or before. */
  fireBy(times: Iterable<number>): void {
    const now = Date.now();
    const current = this.isLost(now) ? Number.POSITIVE_INFINITY : this.#at;
    let wanted = Number.POSITIVE_INFINITY;
    for (const time of times) wanted = Math.min(wanted, time);
    // An overdue duty fires the alarm now: the runtime refuses times before its own start. A clock may have been set back.
    wanted = Math.max(wanted, now, Math.min(this.#firedAt, now) + PAUSE_MS);
    if (wanted >= current || wanted === this.#at) return;
    this.#at = wanted;
    void this.#storage.setAlarm(wanted);
  }
}
