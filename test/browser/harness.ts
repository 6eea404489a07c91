// The harness of the browser tests: a complete local instance, a real Chromium, and one browser context for
// each person. Every test fails if a page violates the content security policy, contacts another host, or throws.
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
import { afterAll, afterEach, beforeAll, describe, expect, inject, onTestFinished } from "vitest";
import { Client, type Ledger, type Sku } from "../../src/local/client.ts";
import type { DrandBehavior } from "../../src/local/fakes/drand.ts";
import { LOCAL_ADMIN_TOKEN, LOCAL_BRIDGE_TOKEN } from "../../src/local/settings.ts";
import { type Stack, startStack } from "../../src/local/stack.ts";
import { PATIENT_BREAKERS } from "../setup/patient-breakers.ts";
import type { Chromium } from "./find-chromium.ts";
import { type OnSale, onSale, type SaleOptions } from "./put-sale.ts";

/** Only so that a wait ends: every wait is for a condition. */
const WAIT_MS = 60_000;
const FLAGS =
  "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync";

/** One person's browser, with separate cookies and storage. */
export interface Person {
  /** Opens a tab; its errors are collected until the test ends. */
  open(path: string): Promise<Page>;
  offline(is: boolean): Promise<void>;
  /** Signs in through the API, for tests that are not about signing in. */
  signIn(user: string): Promise<void>;
  /** Ends the session without notifying any open page. */
  signOut(): Promise<void>;
  /** Allows requests to another origin and handles them with `answer`. */
  reach(origin: string, answer: (route: Route) => Promise<void>): Promise<void>;
}

export interface Stage {
  url: string;
  person(options?: BrowserContextOptions): Promise<Person>;
  /** Creates a sale, with one SKU by default. */
  onSale(sku?: Partial<Sku>, sale?: SaleOptions): Promise<OnSale>;
  ledger(skuId: string): Promise<Ledger>;
  /** Makes the stand-in for drand behave like this until the end of the test. */
  beaconIs(behavior: DrandBehavior): Promise<void>;
  /** Sends one command to Redis, for states that no request leads to. */
  redis(...command: string[]): Promise<void>;
  /** For what no browser does. */
  client: Client;
}

/** Declares a suite of browser tests with its own instance. `vars` override the instance's variables. */
export function inBrowser(
  name: string,
  tests: (stage: () => Stage) => void,
  vars: Record<string, string> = {},
): void {
  describe(name, () => {
    let stage: Awaited<ReturnType<typeof setStage>>;
    beforeAll(async () => {
      stage = await setStage(vars);
    });
    afterEach(() => stage.leave());
    afterAll(() => stage?.close());
    tests(() => stage);
  });
}

/** One browser for all test files of this process; each person gets a separate context. */
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
  const stack: Stack = await startStack({
    stateDir,
    vars: { ...PATIENT_BREAKERS, ...vars },
    script: inject("builtWorker"),
  });
  launched ??= launch(inject("chromium"));
  const browser = await launched;
  const client = new Client(stack.url, LOCAL_ADMIN_TOKEN);
  const faults: string[] = [];
  return {
    url: stack.url,
    client,
    person: (options?: BrowserContextOptions) => person(browser, stack.url, faults, options),
    onSale: (sku?: Partial<Sku>, options?: SaleOptions) => onSale(client, sku, options),
    ledger: (skuId: string) => client.ledger(skuId),
    async redis(...command: string[]) {
      const headers = { authorization: `Bearer ${LOCAL_BRIDGE_TOKEN}` };
      const body = JSON.stringify(command);
      const answer = await fetch(stack.bridge.url, { method: "POST", headers, body });
      expect(answer.status).toBe(200);
    },
    async beaconIs(behavior: DrandBehavior) {
      const put = (name: DrandBehavior) =>
        fetch(`${stack.drand.url}/_fake/behavior/${name}`, { method: "PUT" });
      onTestFinished(async () => void (await put("honest")));
      await put(behavior);
    },
    /** Closes what the test opened and fails on any recorded fault. */
    async leave() {
      for (const context of browser.contexts()) {
        // A handler of a route may still wait for an answer that nobody needs any more.
        const routed = [context, ...context.pages()];
        await Promise.all(routed.map((each) => each.unrouteAll({ behavior: "ignoreErrors" })));
        await context.close();
      }
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
  context.setDefaultTimeout(WAIT_MS);
  const origins = [url];
  context.on("request", (request) => {
    const url = request.url();
    if (!origins.includes(new URL(url).origin)) faults.push(`contacted another host: ${url}`);
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

export const buyButton = (page: Page | Locator) => page.locator("[data-buy] button.action");
export const order = (page: Page) => page.locator(".order");
/** Waits until the page shows an order with this status; the error contains what the page shows instead. */
export async function orderIs(page: Page, status: string): Promise<void> {
  const shown = page.locator(`.order[data-status="${status}"]`);
  await shown.waitFor().catch(async (cause) => {
    throw new Error(`no ${status} order on: ${await page.locator("main").innerText()}`, { cause });
  });
}
/** Waits until an item's message contains this text. */
export const says = (page: Page, text: string) =>
  page.locator("[data-message]", { hasText: text }).waitFor();
export const message = (page: Page) => page.locator("[data-message]");

/** Returns to the tab, which makes the page look at the live answer. */
export const refocus = (page: Page) =>
  page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");

/** The headers of every order request sent from this page, in order. */
export function watchOrders(page: Page): Record<string, string>[] {
  const sent: Record<string, string>[] = [];
  page.on("request", (request) => {
    if (request.method() === "POST" && request.url().endsWith("/orders"))
      sent.push(request.headers());
  });
  return sent;
}
