// The early place by Web Crypto, for browsers and tools. The server computes the same in `place.ts`, synchronously.
import { toHex } from "./hex.ts";
import { type Draw, drawKey, fractionOf, placeMessage, type Registrant } from "./place-formula.ts";

/** See `earlyPlace` in `place.ts`. */
export async function earlyPlaceWeb(draw: Draw, registrant: Registrant): Promise<number> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", drawKey(draw), algorithm, false, ["sign"]);
  const text = new TextEncoder().encode(placeMessage(registrant));
  return fractionOf(toHex(await crypto.subtle.sign("HMAC", key, text)));
}
