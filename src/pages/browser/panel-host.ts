// The page around a panel that has a script of its own, as that script sees it. Such scripts share no state, such as the
// server's clock.
import type { Wording } from "../copy/wording.ts";
import type { call } from "./api.ts";
import type { ChallengePanel } from "./challenge.ts";
import type { setOffset } from "./server-clock.ts";
import type { signIn } from "./sign-in.ts";

export interface PanelHost {
  saleId: string;
  call: typeof call;
  /** The server's time. */
  now(): number;
  setOffset: typeof setOffset;
  wording: Wording;
  signIn: typeof signIn;
  /** What the panel says or wants may have changed. */
  onChange(): void;
}

/** What the line needs beyond that. */
export interface LineHost extends PanelHost {
  /** Headers of the proof of a page visit. */
  visitHeaders(): Promise<Record<string, string>>;
  challenge(slot: HTMLElement): Promise<ChallengePanel | undefined>;
}
