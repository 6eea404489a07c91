// The console's page of alerts in a browser: a test of a real receiver, and what viewers see.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { Page } from "playwright-core";
import { Webhook } from "standardwebhooks";
import { afterAll, expect, test } from "vitest";
import { LOCAL_ADMIN_TOKEN } from "../../src/local/settings.ts";
import { check } from "./axe.ts";
import { inBrowser, type Person } from "./harness.ts";

const VIEWER = "a-viewer-token-for-tests";
const SECRET = `whsec_${btoa("a secret of the operator, 32 bytes")}`;

/** The operator's webhook. It accepts what is signed. */
const received: unknown[] = [];
const receiver = createServer(async (request, response) => {
  const body = await text(request);
  received.push(new Webhook(SECRET).verify(body, request.headers as Record<string, string>));
  response.writeHead(204).end();
});
await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));

async function alertsPage(visitor: Person, token: string): Promise<Page> {
  const page = await visitor.open("/admin/alerts");
  await page.getByLabel("token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Alerts" }).waitFor();
  return page;
}

inBrowser(
  "the alerts",
  (stage) => {
    afterAll(() => void receiver.close());

    test("pass axe and fit the screen", async () => {
      await check(await alertsPage(await stage().person(), LOCAL_ADMIN_TOKEN), "the alerts");
    });

    test("are tried out by a button", async () => {
      const page = await alertsPage(await stage().person(), LOCAL_ADMIN_TOKEN);
      await page.getByRole("button", { name: "Send a test" }).click();
      await page.getByText("The receiver accepted the test.").waitFor();
      expect(received).toMatchObject([{ type: "alert.test" }]);
      await page.getByText("Live").waitFor();
    });

    test("stay current while the page is open", async () => {
      const page = await alertsPage(await stage().person(), VIEWER);
      await page.evaluate("document.querySelector('[data-figures]').dataset.old = ''");
      expect(await page.locator("[data-figures][data-old]").count()).toBe(1);
      await page.locator("[data-figures]:not([data-old])").waitFor();
      expect(await page.getByRole("button", { name: "Send a test" }).count()).toBe(0);
    });
  },
  {
    ALERT_WEBHOOK_URL: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`,
    ALERT_WEBHOOK_SECRET: SECRET,
    VIEWER_TOKEN: VIEWER,
  },
);
