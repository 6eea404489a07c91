// What the browser tests share: a whole instance, a real Chromium, people with tabs, and a watch on what
// no page may ever do: break the content policy, ask another host, throw.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Browser,
  type BrowserContextOptions,
  chromium,
  type Locator,
  type Page,
  type Route,
} from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, inject } from "vitest";
import { Client, type Ledger, type Sku } from "../../src/local/client.ts";
import { LOCAL_ADMIN_TOKEN } from "../../src/local/settings.ts";
import { type Stack, startStack } from "../../src/local/stack.ts";
import type { Chromium } from "./find-chromium.ts";
import { type OnSale, onSale, type SaleOptions } from "./put-sale.ts";

/** The first start on a machine downloads Redis and builds the Worker. */
const START_TIMEOUT_MS = 180_000;
/** A real browser on a busy machine; every wait inside has its own, shorter limit. */
const TEST_TIMEOUT_MS = 60_000;
const FLAGS =
  "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync";

/** One person's browser: cookies and storage of their own. */
export interface Person {
  /** Opens a tab; it is watched until the test ends. */
  open(path: string): Promise<Page>;
  offline(is: boolean): Promise<void>;
  /** Signs in past the pages, for tests that are not about signing in. */
  signIn(user: string): Promise<void>;
  /** The session ends, and no page hears of it. */
  signOut(): Promise<void>;
  /** Lets this browser reach another origin, for which `answer` answers. */
  reach(origin: string, answer: (route: Route) => Promise<void>): Promise<void>;
}

export interface Stage {
  url: string;
  person(options?: BrowserContextOptions): Promise<Person>;
  /** Puts a sale with one SKU on. */
  onSale(sku?: Partial<Sku>, sale?: SaleOptions): Promise<OnSale>;
  ledger(skuId: string): Promise<Ledger>;
}

/** Browser tests, on an instance of their own. `vars` are the instance's variables. */
export function inBrowser(
  name: string,
  tests: (stage: () => Stage) => void,
  vars: Record<string, string> = {},
): void {
  describe(name, { timeout: TEST_TIMEOUT_MS }, () => {
    let stage: Awaited<ReturnType<typeof setStage>>;
    beforeAll(async () => {
      stage = await setStage(vars);
    }, START_TIMEOUT_MS);
    afterEach(() => stage.leave());
    afterAll(() => stage?.close(), START_TIMEOUT_MS);
    tests(() => stage);
  });
}

/** One browser for all files of this process; each person gets a context of their own. */
let launched: Promise<Browser> | undefined;

function launch({ executablePath, env }: Chromium): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: FLAGS.split(" "),
    env: { ...process.env, ...env } as Record<string, string>,
  });
}

async function setStage(vars: Record<string, string>) {
  const stateDir = await mkdtemp(join(tmpdir(), "doorbuster-browser-"));
  const stack: Stack = await startStack({ stateDir, vars, script: inject("builtWorker") });
  launched ??= launch(inject("chromium"));
  const browser = await launched;
  const client = new Client(stack.url, LOCAL_ADMIN_TOKEN);
  const faults: string[] = [];
  return {
    url: stack.url,
    person: (options?: BrowserContextOptions) => person(browser, stack.url, faults, options),
    onSale: (sku?: Partial<Sku>, options?: SaleOptions) => onSale(client, sku, options),
    ledger: (skuId: string) => client.ledger(skuId),
    /** Closes what the test opened, and says what the pages did that no page may do. */
    async leave() {
      for (const context of browser.contexts()) await context.close();
      expect(faults.splice(0)).toEqual([]);
    },
    async close() {
      await stack.stop();
      await rm(stateDir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function person(
  browser: Browser,
  url: string,
  faults: string[],
  options: BrowserContextOptions = {},
): Promise<Person> {
  const context = await browser.newContext({ baseURL: url, locale: "en-GB", ...options });
  // Waiting is for conditions; one that takes this long will not come.
  context.setDefaultTimeout(20_000);
  const origins = [url];
  context.on("request", (request) => {
    const asked = request.url();
    if (!origins.includes(new URL(asked).origin)) faults.push(`asked another host: ${asked}`);
  });
  context.on("console", (message) => {
    if (/content security policy/i.test(message.text())) faults.push(message.text());
  });
  context.on("weberror", (error) => faults.push(`threw: ${error.error().message}`));
  return {
    async open(path) {
      const page = await context.newPage();
      await page.goto(path);
      return page;
    },
    offline: (is) => context.setOffline(is),
    async signIn(user) {
      const answer = await context.request.post("/api/login", { data: { user } });
      expect(answer.status()).toBe(200);
    },
    signOut: () => context.clearCookies(),
    async reach(origin, answer) {
      origins.push(origin);
      await context.route(`${origin}/**`, answer);
    },
  };
}

/** A paid SKU: 12.00 USD. */
export const PAID = { unitPrice: { amount: 1200, currency: "USD" } };

export const buyButton = (page: Page | Locator) => page.locator("[data-buy] button");
export const order = (page: Page) => page.locator(".order");
/** Waits until the page shows an order in this state; a failure tells what the page shows instead. */
export async function orderIs(page: Page, status: string): Promise<void> {
  const shown = page.locator(`.order[data-status="${status}"]`);
  await shown.waitFor().catch(async (cause) => {
    throw new Error(`no ${status} order on: ${await page.locator("main").innerText()}`, { cause });
  });
}
/** Waits until an item says this. */
export const says = (page: Page, text: string) =>
  page.locator("[data-message]", { hasText: text }).waitFor();
export const message = (page: Page) => page.locator("[data-message]");

/** The headers of every attempt sent from this page, in order. */
export function watchOrders(page: Page): Record<string, string>[] {
  const sent: Record<string, string>[] = [];
  page.on("request", (request) => {
    if (request.method() === "POST" && request.url().endsWith("/orders"))
      sent.push(request.headers());
  });
  return sent;
}
