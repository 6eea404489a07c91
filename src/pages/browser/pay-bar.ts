// Docks the Pay button and countdown of the order that expires first at the bottom of the screen. Other messages there
// move above it (`--dock`).
import { part } from "./dom.ts";

/** When each panel's hold ends, in milliseconds. */
const ends = new Map<HTMLElement, number>();

/** Docks the bar of this panel if its hold ends first; `undefined` undocks it. */
export function dock(panel: HTMLElement, endsAt: number | undefined): void {
  if (endsAt === undefined) ends.delete(panel);
  else ends.set(panel, endsAt);
  for (const each of ends.keys()) if (!each.isConnected) ends.delete(each);
  const [first] = [...ends].sort(([, a], [, b]) => a - b).map(([each]) => each);
  for (const each of [panel, ...ends.keys()]) each.toggleAttribute("data-docked", each === first);
  const height = (first && part(first, "hold")?.offsetHeight) ?? 0;
  document.documentElement.style.setProperty("--dock", `${height}px`);
}
