// POST /api/doorbuster-token: a token for the customer who is signed in.
import { mintBuyerToken } from "../../../../server/buyer-token.ts";
import { customerOf, isOwnPage } from "../../../../server/session.ts";
import { shop } from "../../../shop.ts";

export async function POST(request: Request): Promise<Response> {
  const { settings } = shop();
  if (!isOwnPage(request.headers.get("origin"), settings)) return answer(403, "Another site");
  const customer = await customerOf(request.headers.get("cookie"), settings);
  if (!customer) return answer(401, "Sign in first");
  return answer(200, await mintBuyerToken(customer, settings.authSecret));
}

const answer = (status: number, text: string) =>
  new Response(text, { status, headers: { "cache-control": "no-store" } });
