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

/** The other looks, which the main pages are checked in as well. */
export const OTHER_LOOKS = [
  { colorScheme: "dark", viewport: { width: 320, height: 640 } },
  { colorScheme: "light", viewport: { width: 390, height: 800 } },
  { colorScheme: "dark", viewport: { width: 390, height: 800 } },
  { colorScheme: "light", viewport: { width: 1280, height: 800 } },
] as const;

/** Fails if axe finds a violation. `what`: the state of the page, for the message. */
export async function check(page: Page, what: string): Promise<void> {
  await page.evaluate(AXE);
  const found = await page.evaluate<axe.AxeResults>("axe.run()");
  const violations = found.violations.map(
    ({ id, nodes }) => `${what}: ${id}: ${nodes.map(({ html }) => html).join(" ")}`,
  );
  expect(violations).toEqual([]);
  await fits(page, what);
}

/** The sizes of a small phone, a phone and a desktop. */
const WIDTHS = [320, 390, 1280];

/** Checks a page in light mode on a small phone, in dark mode on a desktop, and that it fits every screen. */
export async function checkEverywhere(page: Page, what: string): Promise<void> {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 800 });
    await fits(page, `${what} at ${width} px`);
  }
  await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
  await check(page, `${what}, dark`);
  await page.setViewportSize({ width: 320, height: 640 });
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
  await check(page, `${what}, light`);
}

async function fits(page: Page, what: string): Promise<void> {
  const overflow = await page.evaluate<number>(
    "document.documentElement.scrollWidth - document.documentElement.clientWidth",
  );
  expect(overflow, `${what} is wider than the screen`).toBe(0);
}
