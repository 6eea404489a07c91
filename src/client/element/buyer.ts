// The buyer: the token that the shop's page gives, and the user it belongs to.
import type { Client, TokenSource } from "../index.ts";

/** Gives the buyer's token. Nothing if nobody is signed in. */
export type GetToken = (about: { isExpired: boolean }) => Token | Promise<Token>;
type Token = string | null | undefined;

/** Nobody is signed in. */
export class SignedOut extends Error {}

/** Somebody else has signed in since the press. */
export class AnotherBuyer extends Error {}

export interface Buyer {
  /** Distinguishes the buyers of a device. */
  user: string;
  client: Client;
}

/** Asks the page who buys. @throws {SignedOut} */
export async function whoBuys(
  getToken: GetToken,
  clientOf: (token: TokenSource) => Client,
): Promise<Buyer> {
  const ask = async (about: { isExpired: boolean }) => {
    const token = await getToken(about);
    if (!token) throw new SignedOut();
    return token;
  };
  let token = await ask({ isExpired: false });
  const user = subjectOf(token);
  const source = async ({ isExpired }: { isExpired: boolean }) => {
    if (isExpired) token = await ask({ isExpired });
    if (subjectOf(token) !== user) throw new AnotherBuyer();
    return token;
  };
  return { user, client: clientOf(source) };
}

/** The subject of a JWT, unverified: it only says whose notes to read. */
export function subjectOf(token: string): string {
  try {
    const payload = (token.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/");
    return String(JSON.parse(atob(payload)).sub);
  } catch {
    return "";
  }
}
