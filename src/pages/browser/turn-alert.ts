// Tells a visitor that it is their turn: the title of the page, a sound, and a notification if they allowed it.
import { WORDS } from "./words.ts";

const BEEP_HZ = 880;
const BEEP_SECONDS = 0.6;
const VOLUME = 0.2;

export class TurnAlert {
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

  /** Whether the visitor can still be asked about notifications. */
  get canAsk(): boolean {
    return "Notification" in window && Notification.permission === "default";
  }

  async ask(): Promise<boolean> {
    return (await Notification.requestPermission()) === "granted";
  }

  ring(): void {
    const { yourTurn, buyNow } = WORDS.line;
    document.title = yourTurn;
    this.#beep();
    try {
      if (!("Notification" in window) || Notification.permission !== "granted") return;
      const shown = new Notification(yourTurn, { body: buyNow, tag: location.pathname });
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
