// Shared by the tests of the console in a browser: signing in.
import type { Page } from "playwright-core";
import type { Person } from "./harness.ts";

/** Signs in at a page of the console, and waits for the page. */
export async function signIn(visitor: Person, token: string, path = "/admin"): Promise<Page> {
  const page = await visitor.open(path);
  await page.getByLabel("token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("button", { name: "Sign out" }).waitFor();
  return page;
}
