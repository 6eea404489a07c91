// Loads the challenge script on demand.
import type { ChallengePanel } from "./challenge.ts";

/**
 * The panel for this slot; undefined on a page rendered before the sale required challenges, and if the script does
 * not load. `onToggle` is called when the panel opens and closes.
 */
export async function loadChallenge(
  slot: HTMLElement,
  onToggle: () => void,
): Promise<ChallengePanel | undefined> {
  const { src } = document.querySelector<HTMLElement>("template#challenge")?.dataset ?? {};
  if (!src) return undefined;
  try {
    const loaded: typeof import("./challenge.ts") = await import(src);
    return new loaded.ChallengePanel(slot, onToggle);
  } catch {
    return undefined;
  }
}
