// Tells a visitor who looks elsewhere that something happened on the page: a sound, and a notification if they allowed it.

const BEEP_HZ = 880;
const BEEP_SECONDS = 0.6;
const VOLUME = 0.2;

export class Alert {
  #audio: AudioContext | undefined;

  /** Browsers allow sound only after a press, so call this in one. */
  prepare(): void {
    try {
      this.#audio ??= new AudioContext();
      void this.#audio.resume().catch(() => {});
    } catch {
      // No sound here.
    }
  }

  /** Whether a page can show notifications here. On most phones only a service worker can, and the constructor throws. */
  get isPossible(): boolean {
    if (!("Notification" in window)) return false;
    if (this.isAllowed) return true;
    try {
      // Without a permission, this shows nothing.
      new Notification("");
      return true;
    } catch {
      return false;
    }
  }

  get isAllowed(): boolean {
    return "Notification" in window && Notification.permission === "granted";
  }

  /** Whether the visitor can still be asked about notifications. */
  get canAsk(): boolean {
    return "Notification" in window && Notification.permission === "default";
  }

  /** Asks for the permission, unless it was decided before. */
  async ask(): Promise<boolean> {
    if (this.canAsk) await Notification.requestPermission();
    return this.isAllowed;
  }

  /**
   * Tells this.
   *
   * @param about names it: tabs of the same page show it once
   * @param title for the page as well. Default: the heading of the page, for the notification only
   */
  ring(text: string, about: string, title?: string): void {
    if (title) document.title = title;
    this.#beep();
    try {
      if (!this.isAllowed) return;
      const heading = title ?? document.querySelector("h1")?.textContent ?? "";
      const tag = `${location.pathname} ${about}`;
      const shown = new Notification(heading, { body: text, tag });
      shown.onclick = () => focus();
    } catch {
      // Some phones allow notifications only from a service worker.
    }
  }

  #beep(): void {
    const audio = this.#audio;
    if (audio?.state !== "running") return;
    const [tone, volume] = [audio.createOscillator(), audio.createGain()];
    tone.frequency.value = BEEP_HZ;
    volume.gain.value = VOLUME;
    tone.connect(volume).connect(audio.destination);
    tone.start();
    tone.stop(audio.currentTime + BEEP_SECONDS);
  }
}
