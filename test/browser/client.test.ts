// The client for shops against a running instance: in Node, and in Chromium from a page of another origin.
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectOk } from "../../src/local/client.ts";
import { type Heard, SCENARIOS, type Shop } from "./client-scenarios.ts";
import { inBrowser, type Stage } from "./harness.ts";
import { lineSale } from "./line-scene.ts";
import { startShopServer } from "./shop-server.ts";

type Name = keyof typeof SCENARIOS;
type Run = <N extends Name>(
  name: N,
  shop: Shop,
  onWaiting?: () => void,
) => Promise<Awaited<ReturnType<(typeof SCENARIOS)[N]>>>;

/** The scenarios as a page sees them. */
interface Bundle {
  bundle: { SCENARIOS: Record<string, (shop: object) => unknown> };
}

let instance = "";
const site = await startShopServer(() => instance);
afterAll(site.stop);

beforeAll(async () => {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, "client-scenarios.ts")],
    bundle: true,
    write: false,
    format: "iife",
    globalName: "bundle",
  });
  site.files.set("/scenarios.js", outputFiles[0]?.text ?? "");
  site.files.set("/", '<!doctype html><title>Shop</title><script src="/scenarios.js"></script>');
});

inBrowser(
  "the client",
  (stage) => {
    const inNode: Run = async (name, shop, onWaiting = () => {}) => {
      Object.assign(globalThis, { onWaiting } satisfies Heard);
      return SCENARIOS[name](shop) as never;
    };
    const inChromium: Run = async (name, shop, onWaiting = () => {}) => {
      instance = stage().url;
      const person = await stage().person();
      await person.reach(site.origin, (route) => route.continue());
      const page = await person.open(`${site.origin}/`);
      await page.exposeFunction("onWaiting" satisfies keyof Heard, onWaiting);
      const call = ([name, shop]: [string, object]) =>
        (globalThis as unknown as Bundle).bundle.SCENARIOS[name]?.(shop);
      return page.evaluate(call, [name, shop] as [string, object]) as never;
    };
    describe("in Node", () => suite(stage, inNode));
    describe("in Chromium, from another origin", () => suite(stage, inChromium));
  },
  { ALLOWED_ORIGINS: site.origin },
);

let buyers = 0;

async function shopOf(stage: Stage, sku: object = {}, sale = stage.onSale(sku)) {
  buyers += 1;
  const { skuId, saleId } = await sale;
  const { token } = expectOk(await stage.client.login(`client-${buyers}`));
  return { baseUrl: stage.url, token, skuId, saleId };
}

function suite(stage: () => Stage, run: Run): void {
  test("makes one order through lost answers and a busy server", async () => {
    const found = await run("buyThroughFaults", await shopOf(stage()));
    expect(found).toEqual({
      keys: 1,
      retries: [null, "true", "true", "true", "true"],
      status: "confirmed",
      ids: [true],
    });
  });

  test("gets the order whose answer was lost under the key of the error", async () => {
    expect(await run("askAgain", await shopOf(stage()))).toEqual([true]);
  });

  test("tells refusals apart by their code", async () => {
    const shop = await shopOf(stage(), { stock: 1 });
    const { token } = expectOk(await stage().client.login("somebody-else"));
    await run("refusal", { ...shop, token });
    expect(await run("refusal", shop)).toEqual({ code: "sold_out", status: 409 });
    expect(await run("refusal", { ...shop, token: "bad" })).toMatchObject({ status: 401 });
  });

  test("asks for a new token once the old one has expired", async () => {
    const found = await run("renewToken", await shopOf(stage()));
    expect(found).toEqual({ asked: [false, true], status: true });
  });

  test("waits in line and buys at its turn", async () => {
    const sale = await lineSale(stage());
    await sale.operate({ paused: true });
    const shop = await shopOf(stage(), {}, Promise.resolve(sale));
    const goOn = () => void sale.operate({ paused: false });
    // One order was tried before the wait.
    const found = { skuId: shop.skuId, first: false, last: true, before: 1 };
    expect(await run("buyInLine", shop, goOn)).toEqual(found);
  });

  test("polls once for all who listen", async () => {
    expect(await run("shareLive", await shopOf(stage()))).toEqual({ requests: 1, heard: true });
  });

  test("knows the server's time on a device whose clock is wrong", async () => {
    expect(await run("clockOffset", await shopOf(stage()))).toBeLessThan(3_600_000);
  });

  test("ends at once when its caller aborts", async () => {
    expect(await run("abort", await shopOf(stage()))).toBe("AbortError");
  });
}
