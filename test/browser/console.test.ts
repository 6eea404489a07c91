// The console in a browser: signing in, watching a sale while orders come, and what viewers see.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import type { Page } from "playwright-core";
import { afterAll, expect, test } from "vitest";
import { LOCAL_ADMIN_TOKEN } from "../../src/local/settings.ts";
import { check } from "./axe.ts";
import { signIn } from "./console-scene.ts";
import { inBrowser, PAID, type Stage } from "./harness.ts";

const VIEWER = "a-viewer-token-for-tests";
const AUD = "console-audience";

/** Cloudflare Access's keys over real HTTP, and a signer of its assertions. */
const keys = await generateKeyPair("RS256", { extractable: true });
const jwk = { ...(await exportJWK(keys.publicKey)), kid: "access", alg: "RS256", use: "sig" };
const access = createServer((_, response) => response.end(JSON.stringify({ keys: [jwk] })));
await new Promise<void>((resolve) => access.listen(0, "127.0.0.1", resolve));
const TEAM = `http://127.0.0.1:${(access.address() as AddressInfo).port}`;
const assertionFor = (email: string) =>
  new SignJWT({ email })
    .setProtectedHeader({ alg: "RS256", kid: "access" })
    .setIssuer(TEAM)
    .setAudience(AUD)
    .setExpirationTime("1h")
    .sign(keys.privateKey);

/** Opens a page in a network that blocks WebSockets. */
async function withoutSockets(page: Page, path: string): Promise<void> {
  await page.routeWebSocket(/live/, (socket) => socket.close());
  await page.goto(path);
}

/** The cell of a column in the row of the first item. */
const cell = async (page: Page, column: number) =>
  (
    await page.locator("[data-figures] tbody tr").first().locator("td").nth(column).innerText()
  ).trim();

async function buys({ client }: Stage, skuId: string, user: string): Promise<void> {
  const { token } = (await client.login(user)).body;
  expect((await client.order(skuId, `${user}-order`, { token })).status).toBe(202);
}

inBrowser(
  "the console",
  (stage) => {
    afterAll(() => void access.close());
    let made: ReturnType<Stage["onSale"]> | undefined;
    /** A sale that no test changes. */
    const quiet = () => (made ??= stage().onSale(PAID));

    test("passes axe and fits the screen", async () => {
      const visitor = await stage().person();
      await check(await visitor.open("/admin"), "the sign-in");
      const page = await signIn(visitor, LOCAL_ADMIN_TOKEN);
      await check(page, "the sales");
      await page.goto(`/admin${(await quiet()).path}`);
      await page.locator(".uplot").waitFor();
      await check(page, "the overview");
      await page.goto("/admin/sales/unknown");
      await check(page, "an unknown sale");
    });

    test("shows an order within seconds on the open page, and the chart draws it", async () => {
      const { skuId, path } = await stage().onSale(PAID);
      const page = await signIn(await stage().person(), LOCAL_ADMIN_TOKEN, `/admin${path}`);
      expect(new URL(page.url()).pathname).toBe(`/admin${path}`);
      expect(await cell(page, 0)).toBe("20");
      await page.locator(".uplot canvas").waitFor();
      await buys(stage(), skuId, "ann");
      await expect.poll(() => cell(page, 0)).toBe("19");
      expect(await cell(page, 1)).toBe("1");
      await page.getByText("Live").waitFor();
    });

    test("shows the units of a sale with fifty items on a phone's first screen, below the chart", async () => {
      const { path } = await stage().onSale(PAID, { items: 50 });
      const visitor = await stage().person({ viewport: { width: 390, height: 844 } });
      const page = await signIn(visitor, LOCAL_ADMIN_TOKEN, `/admin${path}`);
      const names = page.locator(".uplot table tr");
      await expect.poll(() => names.count()).toBeGreaterThanOrEqual(50);
      const units = await page.getByRole("region", { name: "Units" }).boundingBox();
      expect(units?.y).toBeLessThan(844);
      await check(page, "the overview of many items");
    });

    test("keeps the keyboard's place in a table while the figures change", async () => {
      const { skuId, path } = await stage().onSale(PAID);
      const page = await signIn(await stage().person(), LOCAL_ADMIN_TOKEN, `/admin${path}`);
      const units = page.getByRole("region", { name: "Units" });
      await units.focus();
      await buys(stage(), skuId, "bob");
      await expect.poll(() => cell(page, 0)).toBe("19");
      const focused = await page.evaluate("document.activeElement.getAttribute('aria-label')");
      expect(focused).toBe("Units");
    });

    test("keeps on a phone how far a table is scrolled", async () => {
      const { skuId, path } = await stage().onSale({ ...PAID, name: "Sneaker ".repeat(20) });
      const visitor = await stage().person({ viewport: { width: 390, height: 844 } });
      const page = await signIn(visitor, LOCAL_ADMIN_TOKEN, `/admin${path}`);
      await page.evaluate("document.querySelector('[aria-label=Units]').scrollLeft = 20");
      await buys(stage(), skuId, "dora");
      await expect.poll(() => cell(page, 0)).toBe("19");
      expect(await page.evaluate("document.querySelector('[aria-label=Units]').scrollLeft")).toBe(
        20,
      );
    });

    test("fits long names into the forms", async () => {
      const { path } = await stage().onSale({ ...PAID, name: "W".repeat(200) });
      const page = await signIn(await stage().person(), LOCAL_ADMIN_TOKEN, `/admin${path}/stock`);
      await check(page, "the stock");
    });

    test("shows the sign-in once the session is over, and the same page after it", async () => {
      const visitor = await stage().person();
      const page = await signIn(visitor, VIEWER);
      await withoutSockets(page, `/admin${(await quiet()).path}`);
      await visitor.signOut();
      await page.getByRole("button", { name: "Sign in" }).waitFor();
      await page.getByLabel("token").fill(VIEWER);
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.locator("[data-figures]").waitFor();
    });

    test("goes on by asking where a network blocks WebSockets", async () => {
      const { skuId, path } = await stage().onSale(PAID);
      const visitor = await stage().person();
      const page = await signIn(visitor, LOCAL_ADMIN_TOKEN);
      await withoutSockets(page, `/admin${path}`);
      await buys(stage(), skuId, "cid");
      await expect.poll(() => cell(page, 0)).toBe("19");
    });

    test("says that the figures are old while there is no connection", async () => {
      const visitor = await stage().person();
      const page = await signIn(visitor, LOCAL_ADMIN_TOKEN, `/admin${(await quiet()).path}`);
      await visitor.offline(true);
      await page.getByText("these figures are old").waitFor();
      await visitor.offline(false);
      await page.getByText("Live").waitFor();
    });

    test("works without JavaScript", async () => {
      const page = await signIn(
        await stage().person({ javaScriptEnabled: false }),
        LOCAL_ADMIN_TOKEN,
        `/admin${(await quiet()).path}`,
      );
      expect(await cell(page, 0)).toBe("20");
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.getByRole("button", { name: "Sign in" }).waitFor();
    });

    test("refuses a viewer's change from the signed-in browser, and shows the figures", async () => {
      const { saleId, path } = await quiet();
      const page = await signIn(await stage().person(), VIEWER, `/admin${path}`);
      expect(await cell(page, 0)).toBe("20");
      const answer = await page.evaluate(
        `fetch("/api/admin/sales/${saleId}", { method: "DELETE" }).then((r) => r.json())`,
      );
      expect(answer).toMatchObject({ status: 403, code: "forbidden" });
      expect((await stage().client.send("GET", `/sales/${saleId}`)).status).toBe(200);
    });

    test("pauses and resumes a sale, with a preview, from a phone by keyboard", async () => {
      const { saleId, path } = await stage().onSale();
      const page = await signIn(
        await stage().person({ viewport: { width: 390, height: 844 }, colorScheme: "dark" }),
        LOCAL_ADMIN_TOKEN,
        `/admin${path}`,
      );
      await page.getByRole("link", { name: "Pause" }).press("Enter");
      await page.getByLabel("Reason").fill("a wrong price");
      await check(page, "the switches");
      await page.getByLabel("Reason").press("Enter");
      await page.getByText("Nothing has changed yet").waitFor();
      await check(page, "the preview");
      // The keyboard stands at the answer, in sight: not at the top of the page again.
      const answer = page.getByRole("status", { name: "Preview" });
      expect(await answer.and(page.locator(":focus")).count()).toBe(1);
      await page.getByRole("button", { name: "Apply" }).press("Enter");
      await page.getByText(`Sale paused (${saleId})`).waitFor();
      const buyer = await (await stage().person()).open(path);
      await buyer.locator('[data-badge="paused"]').waitFor();

      await page.goto(`/admin/switches?choice=resume&target=${saleId}`);
      await page.getByLabel("Reason").fill("fixed");
      await page.getByRole("button", { name: "Preview" }).click();
      await page.getByRole("button", { name: "Apply" }).click();
      await page.getByText("no switch is set").waitFor();
      await buyer.locator('[data-badge="open"]').waitFor();
      await page.getByRole("link", { name: "Log" }).click();
      await page.getByText("a wrong price").waitFor();
      await check(page, "the log");
    });

    test("signs people in by Cloudflare Access, with the keys it serves", async () => {
      for (const [email, role] of [
        ["ann@shop.example", "(operator)"],
        ["bob@shop.example", "(viewer)"],
      ] as const) {
        const assertion = await assertionFor(email);
        const extraHTTPHeaders = { "cf-access-jwt-assertion": assertion };
        const page = await (await stage().person({ extraHTTPHeaders })).open("/admin");
        await page.getByText(`${email} ${role}`).waitFor();
      }
    });
  },
  {
    VIEWER_TOKEN: VIEWER,
    ACCESS_TEAM_DOMAIN: TEAM,
    ACCESS_AUD: AUD,
    ACCESS_OPERATORS: "ann@shop.example",
  },
);
