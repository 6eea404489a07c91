// What the script of the line needs of the page that loads it.
import type { call } from "./api.ts";
import type { ChallengePanel } from "./challenge.ts";

/** What the panel needs of the page around it. Scripts of their own share no state, such as the server's clock. */
export interface LineHost {
  saleId: string;
  call: typeof call;
  now(): number;
  formatTime(iso: string): string;
  signIn(): Promise<boolean>;
  /** Headers of the proof of a page visit. */
  visitHeaders(): Promise<Record<string, string>>;
  challenge(slot: HTMLElement): Promise<ChallengePanel | undefined>;
  /** The visitor's turn may have changed. */
  onChange(): void;
}
