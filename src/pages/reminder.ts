// The reminder of a sale's opening, for calendars. The same bytes for everybody, cached like the sale's page.
import { type Context, Hono } from "hono";
import { findSale } from "../catalog/archive.ts";
import { isListed, saleState } from "../catalog/schema.ts";
import { refuse } from "../http/errors.ts";
import type { AppEnv } from "../http/request.ts";
import { reminderFile } from "./calendar.ts";
import { errorPage } from "./error-pages.ts";
import { REMINDER_PATH, reminderPath } from "./item-paths.ts";
import { addressOf, askedLanguage, saleLanguage, sharedPage, toSale } from "./page.ts";
import { servePage } from "./page-cache.ts";

export const reminderRoutes = new Hono<AppEnv>().get(REMINDER_PATH, show);

async function show(c: Context<AppEnv, typeof REMINDER_PATH>): Promise<Response> {
  const entry = await findSale(c.get("scope"), c.req.param("saleId"));
  if (!entry) return errorPage(c, refuse("not_found"));
  const { sale, revision } = entry;
  if (saleState(sale, Date.now()) === "closed") return errorPage(c, refuse("sale_closed"));
  const config = c.get("config");
  const path = reminderPath(sale);
  const page = sharedPage(config, path, saleLanguage(config.LANGUAGE, sale), askedLanguage(c));
  const origin = config.PUBLIC_ORIGIN ?? new URL(c.req.url).origin;
  const { words, fill } = page.wording;
  const url = origin + toSale(page, sale);
  return servePage(c, {
    key: addressOf(page, path),
    version: `${revision} ${origin}`,
    sales: [sale],
    headers: {
      "Content-Type": "text/calendar; charset=utf-8",
      // Phones offer to add an event that is shown, and would only store a file.
      "Content-Disposition": `inline; filename="${sale.id}.ics"`,
      ...(isListed(sale) ? {} : { "X-Robots-Tag": "noindex" }),
    },
    render: () =>
      reminderFile({
        ...{ sale, revision, url },
        title: fill(words.page.calendarTitle, { sale: sale.title }),
        // Not every calendar shows the address of an event.
        text: `${words.page.calendarText}\n${url}`,
      }),
  });
}
