// The shop's own sign-in. A stand-in: whoever types a name is that customer. Your shop has a real one.
import { jwtVerify, SignJWT } from "jose";
import type { Customer } from "./buyer-token.ts";
import type { ShopSettings } from "./settings.ts";

const COOKIE = "shop_session";
const NAME = /^[a-z0-9-]{1,40}$/;
const LIFE_SECONDS = 8 * 3_600;

const keyOf = ({ sessionSecret }: ShopSettings) => new TextEncoder().encode(sessionSecret);

/** The customer with this name. Undefined: not a name. */
export const customerNamed = (name: unknown): Customer | undefined =>
  typeof name === "string" && NAME.test(name)
    ? { id: `customer-${name}`, email: `${name}@example.com` }
    : undefined;

/** A `Set-Cookie` that signs a customer in. Scripts cannot read it, and other sites cannot send it with a form. */
export async function sessionCookie(
  { id, email = "" }: Customer,
  settings: ShopSettings,
): Promise<string> {
  const token = await new SignJWT({ email })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(id)
    .setExpirationTime(`${LIFE_SECONDS}s`)
    .sign(keyOf(settings));
  const secure = settings.origin.startsWith("https:") ? "; Secure" : "";
  return `${COOKIE}=${token}; Path=/; Max-Age=${LIFE_SECONDS}; HttpOnly; SameSite=Lax${secure}`;
}

/** Who is signed in, by the `Cookie` header of a request. */
export async function customerOf(
  cookies: string | null | undefined,
  settings: ShopSettings,
): Promise<Customer | undefined> {
  const pairs = (cookies ?? "").split(";").map((pair) => pair.trim().split("="));
  const token = pairs.find(([name]) => name === COOKIE)?.[1];
  if (!token) return undefined;
  try {
    const { payload } = await jwtVerify(token, keyOf(settings), { algorithms: ["HS256"] });
    const { sub: id, email } = payload;
    if (!id) return undefined;
    return typeof email === "string" && email ? { id, email } : { id };
  } catch {
    return undefined;
  }
}

/** Whether a write comes from a page of the shop: other sites must not act for its customers. */
export const isOwnPage = (origin: string | null | undefined, settings: ShopSettings): boolean =>
  origin === settings.origin;
