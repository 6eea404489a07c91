// Serves the browser code, styles and icon under content-hashed URLs, so browsers and caches may store them
// forever. /favicon.ico and /robots.txt have fixed URLs, because browsers and crawlers request them by name.
import { type Context, Hono } from "hono";
import type { AppEnv } from "../http/request.ts";
import { ASSETS, type BuiltAsset } from "./assets.gen.js";
import { notModified } from "./etag.ts";
import { themeCss, themeOf } from "./theme.ts";

const TYPES: Record<string, string> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml; charset=utf-8",
};
const FOREVER = "public, max-age=31536000, immutable";
/** `main-0123456789.js`, or `style-0123456789-d9361b.css` with a shop's accent color. */
const FILE = /^([a-z]+)-([0-9a-f]{10})(?:-([0-9a-f]{6}))?(\.[a-z]+)$/;

function asset(file: string): BuiltAsset {
  const found = ASSETS.find(({ name, extension }) => name + extension === file);
  if (!found) throw new Error(`the asset ${file} was not built`);
  return found;
}

const address = ({ name, hash, extension }: BuiltAsset, variant = "") =>
  `/assets/${name}-${hash}${variant}${extension}`;

export const scriptUrl = (): string => address(asset("main.js"));
/** Loaded only when a challenge is required. */
export const challengeUrl = (): string => address(asset("challenge.js"));
/** Loaded only by the page of an order whose card this site collects. */
export const paymentUrl = (): string => address(asset("payment.js"));
/** Loaded only by the pages of sales that have a line. */
export const lineUrl = (): string => address(asset("line.js"));
/** Loaded only by the pages of sales with a product, an earlier price, or an item of which one may buy several. */
export const productUrl = (): string => address(asset("product.js"));
/** Loaded only by the pages of upcoming and sold-out sales. */
export const readyUrl = (): string => address(asset("ready.js"));
/** Loaded only by a visitor who wants to be told of an opening. */
export const tickerUrl = (): string => address(asset("ticker.js"));
/** Loaded only by lists of orders with holds. */
export const holdsUrl = (): string => address(asset("holds.js"));
/** Loaded only by the list of sales. */
export const homeUrl = (): string => address(asset("home.js"));
/** Loaded only by a buyer who checks a draw. */
export const drawUrl = (): string => address(asset("draw.js"));
/** Loaded only by a buyer who carries their place to another device. */
export const qrUrl = (): string => address(asset("qr.js"));
export const iconUrl = (): string => address(asset("icon.svg"));
/** Loaded by the pages of the console, and by none for buyers. */
export const consoleScriptUrl = (): string => address(asset("console.js"));
export const consoleStyleUrl = (): string => address(asset("console.css"));
/** Loaded only by the console's overview of a sale. */
export const chartScriptUrl = (): string => address(asset("chart.js"));
export const chartStyleUrl = (): string => address(asset("chart.css"));
/** Loaded only by the console's editor of a sale. */
export const editorScriptUrl = (): string => address(asset("editor.js"));
/** The stylesheet, with a sale's accent color appended: one request, and no inline style for the CSP to allow. */
export const styleUrl = (accent?: string): string =>
  address(asset("style.css"), accent ? `-${accent.slice(1).toLowerCase()}` : "");

const FOR_A_DAY = "public, max-age=86400";
/** Allows crawling of sales; excludes personal pages and pages that cost a lookup. */
const ROBOTS = `User-agent: *
Disallow: /api/
Disallow: /admin
Disallow: /orders
Disallow: /sales/*/skus/
Disallow: /sales/*/buy
Disallow: /sales/*/line
Disallow: /sales/*/ready
`;

export const assetRoutes = new Hono<AppEnv>()
  .get("/assets/:file", serveAsset)
  .get("/favicon.ico", (c) =>
    c.body(asset("icon.svg").body, 200, fileHeaders(TYPES[".svg"] as string)),
  )
  .get("/robots.txt", (c) => c.body(ROBOTS, 200, fileHeaders("text/plain; charset=utf-8")));

const fileHeaders = (type: string) => ({ "Content-Type": type, "Cache-Control": FOR_A_DAY });

function serveAsset(c: Context<AppEnv, "/assets/:file">): Response | Promise<Response> {
  const [, name, hash, accent, extension] = FILE.exec(c.req.param("file")) ?? [];
  const found = ASSETS.find((built) => built.name === name && built.extension === extension);
  if (!found || (accent !== undefined && name !== "style")) return c.notFound();
  const etag = `"${found.hash}${accent ? `-${accent}` : ""}"`;
  // A page from the previous release may request the previous hash. It gets the current file, but no cache may
  // store it under that name.
  c.header("Cache-Control", hash === found.hash ? FOREVER : "public, no-cache");
  c.header("ETag", etag);
  if (notModified(c, etag)) return c.body(null, 304);
  const body = accent ? found.body + themeCss(themeOf(`#${accent}`)) : found.body;
  return c.body(body, 200, { "Content-Type": TYPES[found.extension] as string });
}
