// Gets the challenge's own script, when a challenge is asked for and not before.
import type { ChallengePanel } from "./challenge.ts";

/**
 * The panel for this slot; undefined on a page that was made before the sale asked for challenges, and
 * when the script does not come. `onToggle` hears when the panel comes and goes.
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
