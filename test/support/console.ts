// The console without a browser: signing in, reading its pages, and sending its forms.
import { exports } from "cloudflare:workers";
import { expect } from "vitest";
import { signToken } from "../../src/admission/token.ts";
import { keyedDigest } from "../../src/digest.ts";
import { ADMIN_TOKEN, call, freshAddress, ORIGIN, SIGNING_SECRET, VIEWER_TOKEN } from "./http.ts";

export type Form = Record<string, string>;

/** Sends a form as a browser does. `origin`: null sends none. */
export async function postForm(
  path: string,
  form: Form,
  { cookie = "", origin = ORIGIN }: { cookie?: string; origin?: string | null } = {},
) {
  const headers = { "cf-connecting-ip": freshAddress(), cookie, ...(origin ? { origin } : {}) };
  const body = new URLSearchParams(form);
  const answer = await exports.default.fetch(
    new Request(ORIGIN + path, { method: "POST", headers, body, redirect: "manual" }),
  );
  const location = answer.headers.get("location");
  return { status: answer.status, location, headers: answer.headers, body: await answer.text() };
}

/** Signs in. Returns the cookie of the session. */
export async function signedIn(token: string): Promise<string> {
  const answer = await postForm("/admin/sign-in", { token });
  expect([answer.status, answer.location]).toEqual([303, "/admin"]);
  return answer.headers.get("set-cookie")?.split(";")[0] ?? "";
}

export const showPage = (path: string, cookie?: string) =>
  call<string>("GET", path, { headers: cookie ? { cookie } : {} });

/** The HTML of a page. */
export const pageText = async (path: string, cookie?: string): Promise<string> =>
  (await showPage(path, cookie)).body;

/** The value of a form's field in a page. */
export const valueIn = (html: string, name: string): string =>
  (new RegExp(`name="${name}" value="([^>]*?)"`).exec(html)?.[1] ?? "").replaceAll("&quot;", '"');

/** The hidden fields of a page, by their names. */
export const hiddenFields = (html: string): Form =>
  Object.fromEntries(
    [...html.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)].map(
      ([, name = "", value = ""]) => [name, textIn(value)],
    ),
  );

const ENTITIES: Record<string, string> = { quot: '"', "#39": "'", lt: "<", gt: ">", amp: "&" };
const textIn = (html: string): string =>
  html.replace(/&(quot|#39|lt|gt|amp);/g, (_, name: string) => ENTITIES[name] ?? "");

/** The cookie of an operator's session that is over. */
export function expiredCookie(): string {
  const key = keyedDigest(SIGNING_SECRET, `session.operator.${ADMIN_TOKEN}`);
  return `__Host-operator=${signToken(key, "session", { expiresAt: Date.now() - 1 })}`;
}

/** Expects that a form is accepted neither from others than operators nor from other sites. */
export async function expectOperatorsOnly(path: string, form: Form): Promise<void> {
  const cookie = await signedIn(ADMIN_TOKEN);
  const viewer = await signedIn(VIEWER_TOKEN);
  const refusals: [string, number, Parameters<typeof postForm>[2]][] = [
    ["another site", 403, { cookie, origin: "https://evil.test" }],
    ["no origin", 403, { cookie, origin: null }],
    ["a viewer", 403, { cookie: viewer }],
    ["a stranger", 401, {}],
    ["an expired session", 401, { cookie: expiredCookie() }],
  ];
  for (const [who, status, sender] of refusals) {
    expect([who, (await postForm(path, form, sender)).status]).toEqual([who, status]);
  }
}
