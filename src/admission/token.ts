// Signed tokens that are made and read synchronously: `<payload>.<HMAC-SHA-256>`, both base64url.
import { timingSafeEqual } from "node:crypto";
import { keyedDigest } from "../digest.ts";

/** The purpose of a token. A token of one purpose is never valid for another. */
type Purpose = "ticket" | "pass" | "session" | "preview" | "rehearsal";

/** Signs a payload, whose JSON must be ASCII. */
export function signToken(secret: string, purpose: Purpose, payload: unknown): string {
  const text = btoa(JSON.stringify(payload)).replace(/[+/=]/g, (char) => URL_SAFE[char] as string);
  return `${text}.${keyedDigest(secret, `${purpose}.${text}`)}`;
}

const URL_SAFE: Record<string, string> = { "+": "-", "/": "_", "=": "" };
/** Neither part allows another spelling, so a token has exactly one form. */
const TOKEN = /^([\w-]+)\.([\w-]{43})$/;

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The payload of a token that was signed with `secret` for `purpose`, else null. Never throws. */
export function readToken(secret: string, purpose: Purpose, token: string): unknown {
  const [, text, signature] = TOKEN.exec(token) ?? [];
  if (text === undefined || signature === undefined) return null;
  const expected = keyedDigest(secret, `${purpose}.${text}`);
  if (!timingSafeEqual(bytes(signature), bytes(expected))) return null;
  return JSON.parse(atob(text.replaceAll("-", "+").replaceAll("_", "/")));
}
