// Sales with a line for the browser tests.
import type { BrowserContextOptions, Page } from "playwright-core";
import { expect } from "vitest";
import { type Answer, expectOk, type Order, type Sku } from "../../src/local/client.ts";
import { type Person, refocus, type Stage } from "./harness.ts";
import type { OnSale, SaleOptions } from "./put-sale.ts";

export interface LineOptions extends SaleOptions {
  mode?: "queue" | "draw";
  ratePerSecond?: number;
  /** When registration opens and closes, in milliseconds from now. */
  opensRegistrationIn?: number;
  closesRegistrationIn?: number;
}

/** A line that gathers for an hour, unless the test lets it open. */
export const LATER = { opensIn: 3_600_000, closesIn: 7_200_000, closesRegistrationIn: 3_600_000 };

/** Registration closes, and the sale opens, so soon after `open`. */
const SOON_MS = 2_000;

export interface LineSale extends OnSale {
  /** Lets the sale of a line that gathers open now. Pages that show it look at once. */
  open(...pages: Page[]): Promise<void>;
  /** Changes the line as its operator. */
  operate(change: {
    ratePerSecond?: number;
    paused?: boolean;
    notice?: string | null;
  }): Promise<void>;
  /** These people join, one after the other. */
  join(...users: string[]): Promise<void>;
  /** This person joins, and may buy now. */
  admit(user: string): Promise<{ token: string; buy(): Promise<Answer<Order>> }>;
}

/** An open sale with a line, whose registration has closed a minute ago: who joins now has a place at once. */
export async function lineSale(
  { onSale, client }: Stage,
  sku: Partial<Sku> = {},
  {
    mode = "queue",
    ratePerSecond = 50,
    opensRegistrationIn = -3_600_000,
    closesRegistrationIn = -60_000,
    ...more
  }: LineOptions = {},
): Promise<LineSale> {
  const registrationClosesAt = new Date(Date.now() + closesRegistrationIn).toISOString();
  const registrationOpensAt = new Date(Date.now() + opensRegistrationIn).toISOString();
  const admission = { mode, ratePerSecond, registrationOpensAt, registrationClosesAt };
  const sale = await onSale(sku, { admission, ...more });
  const path = `/api/sales/${sale.saleId}/tickets`;
  const join = async (user: string) => {
    const { token } = expectOk(await client.login(`${sale.saleId}-${user}`));
    const look = async (body = {}) =>
      expectOk(await client.send<{ ticket: string; state: string }>("POST", path, { token, body }));
    const { ticket } = await look();
    return { token, ticket, stateNow: async () => (await look({ ticket })).state };
  };
  return {
    ...sale,
    async open(...pages) {
      const at = new Date(Date.now() + SOON_MS).toISOString();
      await sale.change((document) => ({
        ...document,
        opensAt: at,
        admission: { ...admission, registrationClosesAt: at },
      }));
      for (const page of pages) await refocus(page);
    },
    async operate(change) {
      expectOk(await client.admin("PUT", `/sales/${sale.saleId}/line`, change));
    },
    async join(...users) {
      for (const user of users) await join(user);
    },
    async admit(user) {
      const { token, ticket, stateNow } = await join(user);
      await expect.poll(stateNow).toBe("admitted");
      const body = { quantity: 1, ticket };
      return { token, buy: () => client.order(sale.skuId, `key-of-${user}`, { token }, body) };
    },
  };
}

export const linePanel = (page: Page) => page.locator(".line");

export const joinLine = (page: Page) =>
  page.getByRole("button", { name: "Join the line", exact: true }).click();

/** Waits until the panel shows this standing; the error contains what it shows instead. */
export async function standsAs(page: Page, standing: string): Promise<void> {
  const shown = page.locator(`.line[data-standing="${standing}"]`);
  await shown.waitFor().catch(async (cause) => {
    throw new Error(`not ${standing}: ${await page.locator("main").innerText()}`, { cause });
  });
}

/** Waits until the panel contains this text; the error contains what it shows instead. */
export async function lineSays(page: Page, text: string | RegExp): Promise<void> {
  const shown = linePanel(page).getByText(text).filter({ visible: true }).first();
  await shown.waitFor().catch(async (cause) => {
    throw new Error(`not "${text}": ${await linePanel(page).innerText()}`, { cause });
  });
}

/** A person who is signed in, has joined on the sale's page, and stands as this. */
export async function waiting(
  { person }: Stage,
  { saleId, path }: OnSale,
  user: string,
  standing = "waiting",
  options: BrowserContextOptions = {},
): Promise<{ page: Page; visitor: Person }> {
  const visitor = await person(options);
  await visitor.signIn(`${saleId}-${user}`);
  const page = await visitor.open(path);
  await joinLine(page);
  await standsAs(page, standing);
  return { page, visitor };
}

/** The ticket in local storage of the account that asked last. */
export const ticketIn = (page: Page, saleId: string) =>
  page.evaluate<string | undefined>(
    `JSON.parse(localStorage.getItem("line:${saleId}") ?? "[]")[0]?.ticket`,
  );

/** The link that carries the visitor's place to another device. */
export async function linkOf(page: Page): Promise<string> {
  await page.getByRole("button", { name: "Use my place on another device" }).click();
  return page.locator("[data-line-link]").inputValue();
}
