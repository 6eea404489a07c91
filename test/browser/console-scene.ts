// Shared by the tests of the console in a browser: signing in, and the looks of its pages.
import type { Page } from "playwright-core";
import type { Person } from "./harness.ts";

/** A phone at night, and a desktop in light mode. */
export const CONSOLE_LOOKS = [
  { colorScheme: "dark", viewport: { width: 390, height: 844 } },
  { colorScheme: "light", viewport: { width: 1280, height: 800 } },
] as const;

/** Signs in at a page of the console, and waits for the page. */
export async function signIn(visitor: Person, token: string, path = "/admin"): Promise<Page> {
  const page = await visitor.open(path);
  await page.getByLabel("token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("button", { name: "Sign out" }).waitFor();
  return page;
}
