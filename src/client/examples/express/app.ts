// A shop in Express: it signs its customers in, mints their tokens, receives webhooks, and serves pages that sell. The pages
// are static: all that they know of the sale comes from Doorbuster, in the browser.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type Response,
} from "express";
import { mintBuyerToken } from "../server/buyer-token.ts";
import { checkOut } from "../server/checkout.ts";
import { OrderBook } from "../server/order-book.ts";
import { customerNamed, customerOf, isOwnPage, sessionCookie } from "../server/session.ts";
import type { ShopSettings } from "../server/settings.ts";
import { MAX_BODY_BYTES, receive } from "../server/webhooks.ts";

const PAGES = join(import.meta.dirname, "../page");
const SCRIPTS_AND_STYLES = ["shop.js", "act.js", "view.js", "token.js", "element.js", "style.css"];

/** Nothing inline, no other host than the deployment, and no other site may frame the pages. */
const policy = ({ doorbuster }: ShopSettings) =>
  "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; style-src 'self'; img-src 'self' https:; " +
  `script-src 'self' ${doorbuster}; connect-src 'self' ${doorbuster}`;

/** The client as it is installed. In this repository `.ci/build-client.ts` builds it. */
const clientFile = () => createRequire(import.meta.url).resolve("doorbuster/client");

export function createShop(settings: ShopSettings, book = new OrderBook()): Express {
  const app = express();
  app.disable("x-powered-by");
  app.use((_request, response, next) => {
    response.set({
      "Cache-Control": "no-store",
      "Content-Security-Policy": policy(settings),
      "Referrer-Policy": "same-origin",
      "X-Content-Type-Options": "nosniff",
    });
    next();
  });
  addWebhooks(app, settings, book);
  addSignIn(app, settings);
  addCustomerRoutes(app, settings, book);
  if (settings.merchant) addCheckout(app, settings);
  addPages(app, settings);
  app.use(answerFault);
  return app;
}

function addWebhooks(app: Express, settings: ShopSettings, book: OrderBook): void {
  // `express.json()` would lose the bytes that were signed.
  const raw = express.raw({ type: () => true, limit: MAX_BODY_BYTES });
  app.post("/webhooks/doorbuster", raw, ({ body, headers }: Request, response: Response) => {
    const text = Buffer.isBuffer(body) ? body.toString() : "";
    const status = receive(text, headers as Record<string, string>, { ...settings, book });
    response.status(status).end();
  });
}

function addSignIn(app: Express, settings: ShopSettings): void {
  const form = express.urlencoded({ extended: false, limit: 1_024 });
  app.post("/sign-in", form, async (request, response) => {
    if (!isOwnPage(request.get("origin"), settings)) return void response.status(403).end();
    const customer = customerNamed(request.body?.name);
    if (!customer)
      return void response.status(400).send("Use lowercase letters, digits and hyphens");
    response.set("Set-Cookie", await sessionCookie(customer, settings));
    const from = URL.parse(request.get("referer") ?? "");
    response.redirect(303, from?.origin === settings.origin ? from.href : "/");
  });
}

function addCustomerRoutes(app: Express, settings: ShopSettings, book: OrderBook): void {
  app.post("/doorbuster-token", async (request, response) => {
    if (!isOwnPage(request.get("origin"), settings)) return void response.status(403).end();
    const customer = await customerOf(request.get("cookie"), settings);
    if (!customer) return void response.status(401).end();
    response.type("text").send(await mintBuyerToken(customer, settings.authSecret));
  });
  app.get("/account", async (request, response) => {
    const customer = await customerOf(request.get("cookie"), settings);
    response.json(customer ? { customer: customer.id, events: book.of(customer.id) } : {});
  });
}

/** The shop's own checkout. Without it the page sends the payment method to Doorbuster, which charges. */
function addCheckout(app: Express, settings: ShopSettings): void {
  const json = express.json({ limit: 1_024 });
  app.post("/checkout", json, async (request, response) => {
    if (!isOwnPage(request.get("origin"), settings)) return void response.status(403).end();
    const customer = await customerOf(request.get("cookie"), settings);
    if (!customer) return void response.status(401).end();
    const { order, card } = request.body ?? {};
    const isPaid = await checkOut(String(order), String(card), customer, settings);
    response.status(isPaid ? 204 : 409).end();
  });
}

/** Tells callers no more than the status. */
const answerFault: ErrorRequestHandler = (error, _request, response, _next) => {
  const status = Number(error.status) || 500;
  if (status >= 500) console.error(error);
  response.status(status).end();
};

function addPages(app: Express, settings: ShopSettings): void {
  const page = (file: string) => {
    const html = readFileSync(join(PAGES, file), "utf8");
    const checkout = settings.merchant ? "own" : "";
    return html.replaceAll("{doorbuster}", settings.doorbuster).replace("{checkout}", checkout);
  };
  const [shop, element] = [page("index.html"), page("element.html")];
  app.get("/", (_request, response) => void response.type("html").send(shop));
  app.get("/element", (_request, response) => void response.type("html").send(element));
  for (const file of SCRIPTS_AND_STYLES) {
    app.get(`/${file}`, (_request, response) => response.sendFile(join(PAGES, file)));
  }
  app.get("/doorbuster-client.js", (_request, response) => response.sendFile(clientFile()));
}
