// Checks a page with axe in every look, and that it is not wider than the screen.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type axe from "axe-core";
import type { Page } from "playwright-core";
import { expect } from "vitest";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** A small phone, a phone and a desktop, each in light and in dark mode. */
const LOOKS = [320, 390, 1280].flatMap((width) =>
  (["light", "dark"] as const).map((colorScheme) => ({ width, colorScheme })),
);

/** Fails if axe finds a violation in any look. `what`: the state of the page, for the message. The page keeps the last look. */
export async function check(page: Page, what: string): Promise<void> {
  await page.evaluate(AXE);
  for (const { width, colorScheme } of LOOKS) {
    await page.setViewportSize({ width, height: 800 });
    // Reduced motion: axe would otherwise measure colors in the middle of a transition.
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const found = await page.evaluate<axe.AxeResults>("axe.run()");
    const violations = found.violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`,
    );
    expect(violations, `${what}, ${width} px, ${colorScheme}`).toEqual([]);
    await fits(page, `${what} at ${width} px`);
  }
}

async function fits(page: Page, what: string): Promise<void> {
  const overflow = await page.evaluate<number>(
    "document.documentElement.scrollWidth - document.documentElement.clientWidth",
  );
  expect(overflow, `${what} is wider than the screen`).toBe(0);
}
