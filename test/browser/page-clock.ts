// Moving the clock of a page. The page's own time limits run by that clock, so a test that moves it far at once ends requests that
// a slow machine has not answered yet.
import type { Page } from "playwright-core";
import { expect } from "vitest";

/** Counts the requests that wait for their answer, on pages that are opened from now on. */
export const countRequests = (page: Page) =>
  page.addInitScript(`{
    const real = fetch;
    window.unanswered = 0;
    window.fetch = async (...given) => {
      window.unanswered += 1;
      try {
        const answer = await real(...given);
        await answer.clone().arrayBuffer();
        return answer;
      } finally {
        window.unanswered -= 1;
      }
    };
  }`);

/** Moves the clock by so many milliseconds, and waits until the page has the answers to what it asked. After `countRequests`. */
export async function runFor(page: Page, ms: number): Promise<void> {
  await page.clock.runFor(ms);
  await expect.poll(() => page.evaluate("unanswered")).toBe(0);
}
