// Old and unusual browsers: every page works in them, and a bug of ours is reported as such, never as a lost
// connection.
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { buyButton, inBrowser, message, orderIs, PAID, says } from "./harness.ts";

/** Deletes the APIs that Safari 15 lacks. */
const MISSING = `
  for (const [owner, names] of [
    [AbortSignal, ["timeout", "any"]],
    [Array.prototype, ["at", "findLast", "findLastIndex", "toSorted", "toReversed", "with"]],
    [String.prototype, ["at", "isWellFormed"]],
    [Object, ["hasOwn", "groupBy"]],
    [Promise, ["withResolvers", "try"]],
    [Intl, ["DurationFormat", "Segmenter", "supportedValuesOf"]],
    [Crypto.prototype, ["randomUUID"]],
    [HTMLDialogElement.prototype, ["showModal", "show", "close"]],
    [HTMLFormElement.prototype, ["requestSubmit"]],
    [globalThis, ["structuredClone", "BroadcastChannel", "requestIdleCallback", "scheduler"]],
  ]) for (const name of names) delete owner[name];
`;
const blocked = (name: string) => `Object.defineProperty(window, "${name}", {
  get() { throw new DOMException("blocked", "SecurityError"); } });`;
const languages = (value: string) =>
  `Object.defineProperty(navigator, "languages", { get: () => ${value} });`;

const UNUSUAL: [string, string][] = [
  ["only the APIs of Safari 15", MISSING],
  ["a language tag that Intl rejects", languages('["en-US@posix"]')],
  ["a wildcard and an empty language tag", languages('["*", ""]')],
  ["an empty language list", languages("[]")],
  ["an undefined language list", languages("undefined")],
  ["blocked storage", blocked("indexedDB") + blocked("sessionStorage")],
  [
    "blocked broadcast channels",
    "BroadcastChannel = class { constructor() { throw new DOMException('no', 'SecurityError'); } };",
  ],
  [
    "a time zone that Intl rejects",
    `{ const Real = Intl.DateTimeFormat;
       Intl.DateTimeFormat = function (tags, options = {}) {
         if (!options.timeZone) throw new RangeError("Invalid time zone specified: Etc/Unknown");
         return new Real(tags, options);
       }; }`,
  ],
];

inBrowser("old and unusual browsers", (stage) => {
  async function given(script: string) {
    const visitor = await stage().person();
    const page = await visitor.open("/orders");
    await page.addInitScript(script);
    return { page, visitor };
  }

  test.each(UNUSUAL)("count down, open the sale and buy with %s", async (_, script) => {
    const soon = await stage().onSale({}, { opensIn: 3_600_000, closesIn: 7_200_000 });
    const { path, skuId } = await stage().onSale(PAID);
    const { page } = await given(script);
    await page.goto(soon.path);
    await expect.poll(() => page.locator("[data-digits]").textContent()).toMatch(/^\d?\d:\d\d/);
    await page.goto(path);
    await buyButton(page).click();
    await page.getByLabel("Your name").fill(`odd-${skuId}`);
    await page.getByRole("button", { name: "Sign in" }).click();
    await orderIs(page, "reserved");
    await page.getByRole("button", { name: "Cancel reservation" }).click();
    await page.getByRole("button", { name: "Keep reservation" }).click();
    await page.getByRole("button", { name: /^Pay/ }).click();
    await orderIs(page, "confirmed");
    expect((await stage().ledger(skuId)).sold).toBe(1);
  });

  /** Throws a TypeError inside our own code, as a missing API does. */
  const BROKEN = `Request = class extends Request {
    constructor(to, init) {
      if (init.method === "POST") throw new TypeError("x is not a function");
      super(to, init);
    }
  };`;

  function watchConsole(page: Page): string[] {
    const errors: string[] = [];
    page.on("console", (each) => each.type() === "error" && errors.push(each.text()));
    return errors;
  }

  test("report a script error as our fault, not as a lost connection, and log it", async () => {
    const { path } = await stage().onSale();
    const { page } = await given("");
    await page.goto(path);
    await page.locator('[data-buy] button[aria-disabled="false"]').waitFor();
    const errors = watchConsole(page);
    await page.evaluate(BROKEN);
    await buyButton(page).click();
    await says(page, "on our end");
    expect(await message(page).textContent()).not.toContain("connection");
    expect(errors.join()).toContain("x is not a function");
    await page.getByRole("button", { name: "Check my order" }).waitFor();
  });

  test("report a script error while paying and leave Pay enabled", async () => {
    const { path } = await stage().onSale(PAID);
    const visitor = await stage().person();
    await visitor.signIn("unlucky");
    const page = await visitor.open(path);
    await buyButton(page).click();
    await orderIs(page, "reserved");
    await page.evaluate(BROKEN);
    await page.getByRole("button", { name: /^Pay/ }).click();
    await page.locator("[data-order-fault]", { hasText: "on our end" }).waitFor();
    expect(await page.getByRole("button", { name: /^Pay/ }).getAttribute("aria-disabled")).toBe(
      "false",
    );
  });

  test("keep the rest of the page working when one script fails, and report the failure", async () => {
    const sale = await stage().onSale({}, { more: { imageUrl: "https://img.test/a.png" } });
    const { page, visitor } = await given(
      `Object.defineProperty(HTMLImageElement.prototype, "complete", {
         get() { throw new TypeError("broken"); } });`,
    );
    await visitor.reach("https://img.test", (route) => route.abort());
    await page.goto(sale.path);
    await page.locator("[data-page-fault]", { hasText: "on our end" }).waitFor();
    await page.locator('[data-buy] button[aria-disabled="false"]').waitFor();
  });
});
