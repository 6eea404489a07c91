// What the fake Stripe.js needs of the fake Stripe: the script itself, and the answer to the bank's question. Any site may
// call it, as with Stripe.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Hono } from "hono";
import { cors } from "hono/cors";
import type { FakeStripeBank } from "./bank.ts";
import { StripeFault } from "./errors.ts";

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
  app.post("/next-action/:answer", async (c) => {
    const clientSecret = await c.req.text();
    try {
      const { id } = bank.bySecret(clientSecret);
      bank.authenticate(id, c.req.param("answer") === "yes");
      return c.json({ paymentIntent: bank.intent(id) });
    } catch (error) {
      if (!(error instanceof StripeFault)) throw error;
      return c.json({ error: error.error });
    }
  });
  return app;
}
