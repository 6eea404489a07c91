// The browser code, styles and icon: the hash of the content is in the address, so browsers and caches
// may keep them for good. Two files have fixed addresses that browsers and crawlers ask for by themselves.
import { type Context, Hono } from "hono";
import type { AppEnv } from "../http.ts";
import { ASSETS, type BuiltAsset } from "./assets.gen.js";
import { notModified } from "./etag.ts";
import { themeCss, themeOf } from "./theme.ts";

const TYPES: Record<string, string> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml; charset=utf-8",
};
const FOREVER = "public, max-age=31536000, immutable";
/** `main-0123456789.js`, and for a shop's own colour `style-0123456789-d9361b.css`. */
const FILE = /^([a-z]+)-([0-9a-f]{10})(?:-([0-9a-f]{6}))?(\.[a-z]+)$/;

function asset(name: string): BuiltAsset {
  const found = ASSETS.find((built) => built.name === name);
  if (!found) throw new Error(`the asset ${name} was not built`);
  return found;
}

const address = ({ name, hash, extension }: BuiltAsset, variant = "") =>
  `/assets/${name}-${hash}${variant}${extension}`;

export const scriptUrl = (): string => address(asset("main"));
/** Loaded only by who is asked for a challenge. */
export const challengeUrl = (): string => address(asset("challenge"));
export const iconUrl = (): string => address(asset("icon"));
/** Styles and a sale's own colour come as one file: one request, and no style inside the page. */
export const styleUrl = (accent?: string): string =>
  address(asset("style"), accent ? `-${accent.slice(1).toLowerCase()}` : "");

const FOR_A_DAY = "public, max-age=86400";
/** Sales may be found; what is somebody's own, or costs a look-up, need not be crawled. */
const ROBOTS = `User-agent: *
Disallow: /api/
Disallow: /orders
Disallow: /sales/*/skus/
`;

export const assetRoutes = new Hono<AppEnv>()
  .get("/assets/:file", serveAsset)
  .get("/favicon.ico", (c) => c.body(asset("icon").body, 200, fileHeaders(TYPES[".svg"] as string)))
  .get("/robots.txt", (c) => c.body(ROBOTS, 200, fileHeaders("text/plain; charset=utf-8")));

const fileHeaders = (type: string) => ({ "Content-Type": type, "Cache-Control": FOR_A_DAY });

function serveAsset(c: Context<AppEnv, "/assets/:file">): Response | Promise<Response> {
  const [, name, hash, accent, extension] = FILE.exec(c.req.param("file")) ?? [];
  const found = ASSETS.find((built) => built.name === name && built.extension === extension);
  if (!found || (accent !== undefined && name !== "style")) return c.notFound();
  const etag = `"${found.hash}${accent ? `-${accent}` : ""}"`;
  // A page of the previous version may still ask for the previous hash: the present file serves it,
  // but nobody may keep it under that name.
  c.header("Cache-Control", hash === found.hash ? FOREVER : "public, no-cache");
  c.header("ETag", etag);
  if (notModified(c, etag)) return c.body(null, 304);
  const body = accent ? found.body + themeCss(themeOf(`#${accent}`)) : found.body;
  return c.body(body, 200, { "Content-Type": TYPES[found.extension] as string });
}
