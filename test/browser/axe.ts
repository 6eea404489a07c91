// Checks a page with axe, and that it is not wider than the screen.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type axe from "axe-core";
import type { Page } from "playwright-core";
import { expect } from "vitest";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** A phone in light mode, and a desktop in dark mode. */
export const LOOKS = [
  { colorScheme: "light", viewport: { width: 320, height: 640 } },
  { colorScheme: "dark", viewport: { width: 1280, height: 800 } },
] as const;

/** Fails if axe finds a violation. `what`: the state of the page, for the message. */
export async function check(page: Page, what: string): Promise<void> {
  await page.evaluate(AXE);
  const found = await page.evaluate<axe.AxeResults>("axe.run()");
  const violations = found.violations.map(
    ({ id, nodes }) => `${what}: ${id}: ${nodes.map(({ html }) => html).join(" ")}`,
  );
  expect(violations).toEqual([]);
  const overflow = await page.evaluate<number>(
    "document.documentElement.scrollWidth - document.documentElement.clientWidth",
  );
  expect(overflow, `${what} is wider than the screen`).toBe(0);
}
