// The page that collects a card before the order is placed: of a buyer whose payment must come with the order, or of a visitor who
// gets ready before the opening. Only with the card form of this site. Nothing on it is secret, but Stripe's code may run on it, so it is a page of its own.
import { type Context, Hono } from "hono";
import { mostUnits, saleState } from "../catalog/schema.ts";
import { identify } from "../funnel/identity.ts";
import { refuse } from "../http/errors.ts";
import { secure } from "../http/headers.ts";
import type { AppEnv } from "../http/request.ts";
import { paymentModeOf } from "../payments/payment-mode.ts";
import { findItem, quantitySchema } from "./buy.ts";
import { errorPage } from "./error-pages.ts";
import { CARD_CHOICE_PATH } from "./item-paths.ts";
import { personalPage, toSale } from "./page.ts";
import { renderCardChoice } from "./views/card-choice.tsx";
import { cardFormSettings } from "./views/card-form.tsx";

type ChoiceContext = Context<AppEnv, typeof CARD_CHOICE_PATH>;

export const cardChoiceRoutes = new Hono<AppEnv>().get(CARD_CHOICE_PATH, show);

async function show(c: ChoiceContext): Promise<Response> {
  const config = c.get("config");
  const item = paymentModeOf(config) === "card-form" ? await findItem(c) : undefined;
  if (!item) return errorPage(c, refuse("not_found"));
  const { sale, sku } = item;
  c.header("Cache-Control", "private, no-store");
  // The sale page says why it sells nothing now.
  const state = saleState(sale, Date.now());
  const identity = state === "upcoming" ? await identify(c, config) : undefined;
  const isPayable = state !== "closed" && sku.unitPrice.amount > 0;
  // Before the opening, a card belongs to the account that enters it.
  if (!isPayable || identity?.ok === false) return c.redirect(toSale(personalPage(c), sale), 303);
  const quantity = quantitySchema.safeParse(c.req.query("quantity")).data ?? 1;
  const settings = cardFormSettings(config);
  const page = personalPage(c);
  const html = await renderCardChoice(page, {
    sale,
    sku,
    quantity: Math.min(quantity, mostUnits(sale, sku)),
    settings,
    user: identity?.ok
      ? { id: identity.userId, name: identity.email ?? identity.userId }
      : undefined,
  });
  const response = await c.html(html);
  secure(response.headers, { stripeJs: settings.stripeJs });
  return response;
}
