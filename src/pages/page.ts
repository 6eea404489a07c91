// What all parts of a page share: its language, the branding of the deployment, and the addresses of other pages. A page that is
// the same for everybody gets its language from its address alone, a personal one also from its visitor.
import { getCookie, setCookie } from "hono/cookie";
import { parseAccept } from "hono/utils/accept";
import type { Sale } from "../catalog/schema.ts";
import { type Branding, mergeBranding } from "../config/branding.ts";
import type { Config } from "../config/config.ts";
import type { AppContext } from "../http/request.ts";
import { directionOf, type Language, languageOf, primaryOf } from "../values/languages.ts";
import { type Wording, wordingOf } from "./copy/wording.ts";
import { formatTime } from "./format.ts";
import type { PreviewInfo } from "./preview-state.ts";
import { wordsIn } from "./words/all.ts";

/** The parameter and the cookie with the visitor's choice. Browser code writes the cookie as well. */
const NAME = "lang";
const REMEMBERED_SECONDS = 365 * 86_400;

export interface Page {
  language: Language;
  wording: Wording;
  site: Branding;
  /** The language that a page without a choice has. */
  siteLanguage: Language;
  /** The address of this page without a language. Undefined for the answer to a form, which has none of its own. */
  path: string | undefined;
  /** Whether the page is the same for everybody. */
  isShared: boolean;
  /** Whether this address of a shared page names the language. */
  isChosen: boolean;
  /** The languages that the visitor is known to want, the best one first, as primary tags. None where nobody asked for one. */
  wishes: readonly string[];
  /** Set on a preview: a page without scripts and forms. */
  preview?: PreviewInfo;
}

const wordings = new Map<Language, Wording>();

/** The wording of server-rendered pages. Their times are in UTC. */
export function wordingIn(language: Language): Wording {
  let wording = wordings.get(language);
  if (!wording) {
    const time = (iso: string) => formatTime(iso, language);
    wording = wordingOf(wordsIn(language), language, language, time);
    wordings.set(language, wording);
  }
  return wording;
}

/** The branding of a page about this sale, or about none. */
export const brandingOf = ({ site }: Page, sale?: Pick<Sale, "theme">): Branding =>
  mergeBranding(site, sale?.theme);

type SiteConfig = Pick<Config, "LANGUAGE" | "THEME">;

/** The language of a sale's own page: that of its texts, if the pages are written in it. */
export const saleLanguage = (siteLanguage: Language, { language }: Pick<Sale, "language">) =>
  languageOf(language) ?? siteLanguage;

/**
 * A page that is the same for everybody.
 *
 * @param native the language of its plain address
 */
export function sharedPage(
  { LANGUAGE, THEME }: SiteConfig,
  path: string,
  native: Language,
  asked?: string,
): Page {
  const chosen = languageOf(asked);
  const language = chosen ?? native;
  const isChosen = chosen !== undefined;
  const wording = wordingIn(language);
  return {
    ...{ language, wording, path, isChosen, site: THEME, siteLanguage: LANGUAGE },
    ...{ isShared: true, wishes: chosen ? [chosen] : [] },
  };
}

/** The language that a shared page's address asks for. */
export const askedLanguage = (c: AppContext): string | undefined => c.req.query(NAME);

/** A personal page, which no cache stores. Remembers the language that its address asks for, if this site leads here. */
export function personalPage(c: AppContext): Page {
  const { LANGUAGE, THEME } = c.get("config");
  const asked = languageOf(askedLanguage(c));
  const wishes = [languageOf(getCookie(c, NAME)) ?? [], accepted(c)].flat();
  const preferred = wishes.map(languageOf).find((language) => language !== undefined);
  if (asked && asked !== preferred && isFromHere(c)) {
    const secure = new URL(c.req.url).protocol === "https:";
    setCookie(c, NAME, asked, { path: "/", maxAge: REMEMBERED_SECONDS, sameSite: "Lax", secure });
  }
  const language = asked ?? preferred ?? LANGUAGE;
  return {
    language,
    wording: wordingIn(language),
    site: THEME,
    siteLanguage: LANGUAGE,
    path: c.req.method === "GET" ? ownPath(c) : undefined,
    isShared: false,
    isChosen: false,
    wishes: asked ? [asked] : wishes,
  };
}

/** Whether a link or form of this site leads here. A link that somebody shared must not choose for its reader. */
const isFromHere = (c: AppContext): boolean =>
  URL.parse(c.req.header("referer") ?? "")?.origin === new URL(c.req.url).origin;

/** The path and query of this page without its language. In a link, two slashes at the start would lead to another site. */
function ownPath(c: AppContext): string {
  const { pathname, searchParams } = new URL(c.req.url);
  searchParams.delete(NAME);
  const query = searchParams.size > 0 ? `?${searchParams}` : "";
  return pathname.replace(/^\/+/, "/") + query;
}

/** The languages that the visitor's browser accepts, by primary tags as in the lookup of RFC 4647. */
function accepted(c: AppContext): string[] {
  const header = c.req.header("accept-language");
  const ranges = header ? parseAccept(header).filter(({ q }) => q > 0) : [];
  return ranges.sort((a, b) => b.q - a.q).map(({ type }) => primaryOf(type));
}

type SaleTexts = Pick<Sale, "language">;

/** The language of a sale in which no page is written. */
export const ownLanguage = (sale?: SaleTexts): string | undefined =>
  sale?.language === undefined || languageOf(sale.language) ? undefined : primaryOf(sale.language);

/**
 * The direction of a page. One about a sale in a language of its own runs as that does, for readers of it and where nobody asked for
 * another one: the shop's texts are most of it.
 */
export function directionFor({ language, wishes }: Page, sale?: SaleTexts): "ltr" | "rtl" {
  const own = ownLanguage(sale);
  const wish = wishes.find((tag) => tag === own || languageOf(tag)) ?? own;
  return directionOf((wish === own && sale?.language) || language);
}

/** Whether the visitor reads a language that runs from right to left. */
export const readsRightToLeft = ({ wishes }: Page): boolean =>
  wishes.some((tag) => directionOf(tag) === "rtl");

/** An address with a language. */
export const withLanguage = (path: string, language: Language): string =>
  `${path}${path.includes("?") ? "&" : "?"}${NAME}=${language}`;

/** The address of a shared page in its language. A chosen one has an address of its own, and so an entry of its own in caches. */
export const addressOf = ({ isChosen, language }: Page, path: string): string =>
  isChosen ? withLanguage(path, language) : path;

/**
 * The address of a shared page that keeps the language of this page.
 *
 * @param native the language that it has without a choice
 */
export function toShared(page: Page, path: string, native: Language = page.siteLanguage): string {
  const names = page.isShared ? page.isChosen : page.language !== native;
  return names ? withLanguage(path, page.language) : path;
}

/** The address of a sale's page that keeps the language of this page. */
export const toSale = (page: Page, sale: Pick<Sale, "id" | "language">): string =>
  toShared(page, `/sales/${sale.id}`, saleLanguage(page.siteLanguage, sale));

/** The address of a personal page. It learns of a choice on a shared page by it, and remembers it for the others. */
export const toPersonal = (page: Page, path: string): string =>
  page.isShared && page.isChosen ? withLanguage(path, page.language) : path;
