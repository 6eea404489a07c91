// The object's one alarm, kept no later than its next duty. Setting an alarm is a billed row, so one that
// is early enough is left alone: under load that is one a few seconds, not one an order.

/** The runtime fires an alarm within moments. One that is later than this was lost. */
const LATE_MS = 5_000;
/** No duty is so far ahead: a hold lasts a day at most. Such an alarm is from a clock that was wrong. */
const FAR_MS = 2 * 86_400_000;

export class AlarmClock {
  readonly #storage: Pick<DurableObjectStorage, "getAlarm" | "setAlarm">;
  #at = Number.POSITIVE_INFINITY;

  constructor(storage: Pick<DurableObjectStorage, "getAlarm" | "setAlarm">) {
    this.#storage = storage;
  }

  /** When the object wakes: the alarm it had set before. An overdue one may never fire, so it counts as unset. */
  async recall(): Promise<void> {
    const at = await this.#storage.getAlarm();
    this.#at = at === null || at <= Date.now() ? Number.POSITIVE_INFINITY : at;
  }

  /** Whether there is an alarm that nobody may rely on. */
  isLost(now: number): boolean {
    const ahead = this.#at - now;
    return ahead < -LATE_MS || (ahead > FAR_MS && Number.isFinite(ahead));
  }

  /** It rings, so it is no longer set. */
  rang(): void {
    this.#at = Number.POSITIVE_INFINITY;
  }

  /** Makes sure that the alarm rings at the earliest of these times (milliseconds), or before. */
  ringBy(times: Iterable<number>): void {
    const now = Date.now();
    const known = this.isLost(now) ? Number.POSITIVE_INFINITY : this.#at;
    let wanted = Number.POSITIVE_INFINITY;
    for (const time of times) wanted = Math.min(wanted, time);
    // An overdue duty fires it now: the runtime refuses times that lie before its own beginning.
    wanted = Math.max(wanted, now);
    if (wanted >= known || wanted === this.#at) return;
    this.#at = wanted;
    void this.#storage.setAlarm(wanted);
  }
}
