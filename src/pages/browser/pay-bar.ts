// Pay and the time left are always in view: those of the most urgent order stand at the foot of the screen,
// and whatever else stands there stands above them.
import { part } from "./dom.ts";

/** When the holds on this page end, in milliseconds. */
const ends = new Map<HTMLElement, number>();

/** Docks the bar of this order's panel if its hold ends first; undefined takes it away. */
export function dock(panel: HTMLElement, endsAt: number | undefined): void {
  if (endsAt === undefined) ends.delete(panel);
  else ends.set(panel, endsAt);
  panel.toggleAttribute("data-docked", false);
  for (const each of ends.keys()) if (!each.isConnected) ends.delete(each);
  const [first] = [...ends].sort(([, a], [, b]) => a - b).map(([each]) => each);
  for (const each of ends.keys()) each.toggleAttribute("data-docked", each === first);
  const height = (first && part(first, "hold")?.offsetHeight) ?? 0;
  document.documentElement.style.setProperty("--dock", `${height}px`);
}
