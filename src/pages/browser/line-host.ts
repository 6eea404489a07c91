// The page around the line, as the line's script sees it. Scripts of their own share no state, such as the server's clock.
import type { Wording } from "../copy/wording.ts";
import type { call } from "./api.ts";
import type { ChallengePanel } from "./challenge.ts";
import type { signIn } from "./sign-in.ts";

export interface LineHost {
  saleId: string;
  call: typeof call;
  now(): number;
  wording: Wording;
  signIn: typeof signIn;
  /** Headers of the proof of a page visit. */
  visitHeaders(): Promise<Record<string, string>>;
  challenge(slot: HTMLElement): Promise<ChallengePanel | undefined>;
  /** The visitor's turn may have changed. */
  onChange(): void;
}
