// Counts the holds in the list of orders down. A script of its own, for lists that have some.
import { formatLeft } from "../format.ts";

const SECOND_MS = 1_000;

/** The end of a hold on this page's own clock, which no wrong time of the device disturbs. */
interface Hold {
  element: HTMLElement;
  endsAt: number;
}

const holds: Hold[] = [...document.querySelectorAll<HTMLElement>("[data-hold-left]")].map(
  (element) => ({ element, endsAt: performance.now() + Number(element.dataset.holdLeft) }),
);

const timer = setInterval(() => {
  const now = performance.now();
  for (const { element, endsAt } of holds) element.textContent = formatLeft(endsAt - now);
  if (holds.every(({ endsAt }) => endsAt > now)) return;
  // The server knows what became of a hold that is over.
  clearInterval(timer);
  setTimeout(() => location.reload(), SECOND_MS);
}, SECOND_MS);
