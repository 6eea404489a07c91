// Browsers that lack what newer ones have, or have something odd: every page works in them, and a mistake
// of ours is admitted, never told as a lost connection.
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { buyButton, inBrowser, message, orderIs, PAID, says } from "./harness.ts";

/** What Safari and iOS 15 do not have. */
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
const withNothing = (name: string) => `Object.defineProperty(window, "${name}", {
  get() { throw new DOMException("blocked", "SecurityError"); } });`;
const languages = (value: string) =>
  `Object.defineProperty(navigator, "languages", { get: () => ${value} });`;

const ODD: [string, string][] = [
  ["nothing that came after Safari 15", MISSING],
  ["a language that Intl does not take", languages('["en-US@posix"]')],
  ["a wildcard and an empty language", languages('["*", ""]')],
  ["no languages", languages("[]")],
  ["languages undefined", languages("undefined")],
  ["storage that is forbidden", withNothing("indexedDB") + withNothing("sessionStorage")],
  [
    "channels that are forbidden",
    "BroadcastChannel = class { constructor() { throw new DOMException('no', 'SecurityError'); } };",
  ],
  [
    "a time zone that Intl does not take",
    `{ const Real = Intl.DateTimeFormat;
       Intl.DateTimeFormat = function (tags, options = {}) {
         if (!options.timeZone) throw new RangeError("Invalid time zone specified: Etc/Unknown");
         return new Real(tags, options);
       }; }`,
  ],
];

inBrowser("an odd browser", (stage) => {
  async function given(script: string) {
    const visitor = await stage().person();
    const page = await visitor.open("/orders");
    await page.addInitScript(script);
    return { page, visitor };
  }

  test.each(ODD)("with %s counts down, opens by itself, and buys", async (_, script) => {
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

  /** A TypeError from inside our own code, as a missing API makes it. */
  const BROKEN = `Request = class extends Request {
    constructor(to, init) {
      if (init.method === "POST") throw new TypeError("x is not a function");
      super(to, init);
    }
  };`;

  function watchConsole(page: Page): string[] {
    const said: string[] = [];
    page.on("console", (each) => each.type() === "error" && said.push(each.text()));
    return said;
  }

  test("a mistake of ours is admitted and written to the console, not told as no connection", async () => {
    const { path } = await stage().onSale();
    const { page } = await given("");
    await page.goto(path);
    await page.locator('[data-buy] button[aria-disabled="false"]').waitFor();
    const said = watchConsole(page);
    await page.evaluate(BROKEN);
    await buyButton(page).click();
    await says(page, "on our end");
    expect(await message(page).textContent()).not.toContain("connection");
    expect(said.join()).toContain("x is not a function");
    await page.getByRole("button", { name: "Check my order" }).waitFor();
  });

  test("so it is while paying, and the button can be pressed again", async () => {
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

  test("one part of a page that breaks does not take the others with it, and is admitted", async () => {
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
