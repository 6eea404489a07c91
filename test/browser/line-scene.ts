// Sales with a line for the browser tests.
import type { Page } from "playwright-core";
import { expectOk, type Sku } from "../../src/local/client.ts";
import type { Stage } from "./harness.ts";
import type { OnSale, SaleOptions } from "./put-sale.ts";

export interface LineOptions extends SaleOptions {
  mode?: "queue" | "draw";
  ratePerSecond?: number;
  /** When registration closes, in milliseconds from now. */
  closesRegistrationIn?: number;
}

export interface LineSale extends OnSale {
  /** Changes the line as its operator. */
  operate(change: {
    ratePerSecond?: number;
    paused?: boolean;
    notice?: string | null;
  }): Promise<void>;
  /** These people join, one after the other. Returns their tickets. */
  join(...users: string[]): Promise<string[]>;
}

/** An open sale with a line, whose registration has closed a minute ago: who joins now has a place at once. */
export async function lineSale(
  { onSale, client }: Stage,
  sku: Partial<Sku> = {},
  { mode = "queue", ratePerSecond = 50, closesRegistrationIn = -60_000, ...more }: LineOptions = {},
): Promise<LineSale> {
  const registrationClosesAt = new Date(Date.now() + closesRegistrationIn).toISOString();
  const registrationOpensAt = new Date(Date.now() - 3_600_000).toISOString();
  const admission = { mode, ratePerSecond, registrationOpensAt, registrationClosesAt };
  const sale = await onSale(sku, { admission, ...more });
  const joined = async (user: string) => {
    const { token } = expectOk(await client.login(user));
    const path = `/api/sales/${sale.saleId}/tickets`;
    return expectOk(await client.send<{ ticket: string }>("POST", path, { token })).ticket;
  };
  return {
    ...sale,
    async operate(change) {
      expectOk(await client.admin("PUT", `/sales/${sale.saleId}/line`, change));
    },
    async join(...users) {
      const tickets: string[] = [];
      for (const user of users) tickets.push(await joined(user));
      return tickets;
    },
  };
}

export const linePanel = (page: Page) => page.locator(".line");

export const joinLine = (page: Page) => page.getByRole("button", { name: "Join the line" }).click();

/** Waits until the panel shows this standing; the error contains what it shows instead. */
export async function standsAs(page: Page, standing: string): Promise<void> {
  const shown = page.locator(`.line[data-standing="${standing}"]`);
  await shown.waitFor({ timeout: 45_000 }).catch(async (cause) => {
    throw new Error(`not ${standing}: ${await page.locator("main").innerText()}`, { cause });
  });
}

/** Waits until the panel contains this text. */
export const lineSays = (page: Page, text: string | RegExp) =>
  linePanel(page).getByText(text).filter({ visible: true }).first().waitFor();
