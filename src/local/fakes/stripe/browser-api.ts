// What the fake Stripe.js needs of the fake Stripe: the script itself, tokens for payment methods, and the bank's question,
// in the page or on the bank's own. Any site may call it, as with Stripe.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Hono } from "hono";
import { cors } from "hono/cors";
import { html } from "hono/html";
import type { FakeStripeBank } from "./bank.ts";
import { invalid, StripeFault } from "./errors.ts";
import { returnAddress } from "./next-action.ts";

/** Stripe keeps a token for twelve hours. */
const TOKEN_LIFE_SECONDS = 43_200;

const SCRIPT = join(import.meta.dirname, "stripe.js");

export function browserApi(bank: FakeStripeBank): Hono {
  const app = new Hono();
  app.use(cors());
  app.get("/stripe.js", async (c) =>
    c.body(await readFile(SCRIPT, "utf8"), 200, {
      "content-type": "text/javascript; charset=utf-8",
      "cross-origin-resource-policy": "cross-origin",
    }),
  );
  app.post("/confirmation-tokens", async (c) => {
    const { method, return_url } = await c.req.json();
    if (!URL.canParse(return_url)) return c.json({ error: invalid("Not a valid URL").error });
    const expires_at = Math.floor(Date.now() / 1_000) + TOKEN_LIFE_SECONDS;
    return c.json({ confirmationToken: { id: bank.collect(method, return_url), expires_at } });
  });
  app.get("/payment-intents/:secret", (c) =>
    c.json({ next_action: bank.bySecret(c.req.param("secret")).next_action }),
  );
  app.post("/next-action/:answer", async (c) => {
    const { error, intent } = answer(bank, await c.req.text(), c.req.param("answer"));
    return c.json(error ? { error } : { paymentIntent: intent });
  });
  app.get("/bank/:secret", (c) => {
    const action = bank.bySecret(c.req.param("secret")).next_action;
    const returnUrl = action?.type === "redirect_to_url" ? action.redirect_to_url.return_url : "";
    return c.html(bankPage(`/_fake/bank/${c.req.param("secret")}`, returnUrl));
  });
  app.post("/bank/:secret/:answer", async (c) => {
    const returnUrl = String((await c.req.parseBody()).return_url);
    const { intent } = answer(bank, c.req.param("secret"), c.req.param("answer"));
    return c.redirect(returnAddress(intent, returnUrl), 303);
  });
  return app;
}

/** The answer of a buyer. The intent may be over meanwhile. */
function answer(bank: FakeStripeBank, clientSecret: string, given: string) {
  const intent = bank.bySecret(clientSecret);
  try {
    bank.authenticate(intent.id, given === "yes");
    return { intent };
  } catch (error) {
    if (!(error instanceof StripeFault)) throw error;
    return { intent, error: error.error };
  }
}

/** The page of the buyer's bank, with both answers. It knows where the buyer came from even if the payment is over. */
const bankPage = (path: string, returnUrl: string) => html`<!doctype html>
  <html lang="en">
    <title>Test bank</title>
    <h1>Test bank</h1>
    <p>Your bank asks you to confirm this payment.</p>
    ${[
      ["yes", "Complete authentication"],
      ["no", "Fail authentication"],
    ].map(
      ([answer, name]) =>
        html`<form method="post" action="${path}/${answer}">
          <input type="hidden" name="return_url" value="${returnUrl}" />
          <button>${name}</button>
        </form>`,
    )}
  </html>`;
