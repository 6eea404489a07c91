// The object's one alarm, kept no later than its next duty. Setting an alarm is a billed row, so one that
// is early enough is left alone: under load that is one a few seconds, not one an order.

export class AlarmClock {
  readonly #storage: Pick<DurableObjectStorage, "getAlarm" | "setAlarm">;
  #at = Number.POSITIVE_INFINITY;

  constructor(storage: Pick<DurableObjectStorage, "getAlarm" | "setAlarm">) {
    this.#storage = storage;
  }

  /** When the object wakes: the alarm it had set before. */
  async recall(): Promise<void> {
    this.#at = (await this.#storage.getAlarm()) ?? Number.POSITIVE_INFINITY;
  }

  /** It rings, so it is no longer set. */
  rang(): void {
    this.#at = Number.POSITIVE_INFINITY;
  }

  /** Makes sure that the alarm rings at the earliest of these times (milliseconds), or before. */
  ringBy(times: Iterable<number>): void {
    let wanted = this.#at;
    for (const time of times) wanted = Math.min(wanted, time);
    if (wanted >= this.#at) return;
    this.#at = wanted;
    // What is overdue rings now: the runtime refuses times that lie before its own beginning.
    void this.#storage.setAlarm(Math.max(wanted, Date.now()));
  }
}
