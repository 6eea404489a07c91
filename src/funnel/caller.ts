// Where a request comes from, as far as limits need to know it, and how callers are named in storage.
import type { Context } from "hono";
import ipaddr from "ipaddr.js";
import { memory, textBytes } from "../memory.ts";
import { hmacKey } from "./keys.ts";

const IPV6_PREFIX_PARTS = 4;
const HASH_BYTES = 16;

/** Where a request comes from. */
interface Origin {
  /** As rules compare it; undefined when it does not parse. */
  address: ipaddr.IPv4 | ipaddr.IPv6 | undefined;
  /**
   * What limits count: one IPv4 address, or the /64 that an IPv6 customer owns whole. What does not parse
   * shares one block.
   */
  block: string;
}

/** Parsing an address takes longer than most of a refusal, and a crowd's callers ask many times. */
const origins = memory<Origin>("origins", { sizeOf: () => 400 });
/** No address is longer; what a forger sends locally must not fill the memory. */
const MAX_ADDRESS = 45;

/** Where this request comes from: Cloudflare sets the header, and callers cannot. */
export function originOf(c: Context): Origin {
  const text = c.req.header("cf-connecting-ip") ?? "";
  const known = origins.get(text);
  if (known) return known;
  const origin = parse(text);
  if (text.length <= MAX_ADDRESS) origins.set(text, origin);
  return origin;
}

function parse(text: string): Origin {
  if (!ipaddr.isValid(text)) return { address: undefined, block: "unknown" };
  const address = ipaddr.process(text);
  // Cloudflare has one spelling for an IPv4 address.
  if (ipaddr.IPv4.isValid(text)) return { address, block: text };
  if (address.kind() === "ipv4") return { address, block: address.toString() };
  const parts = (address as ipaddr.IPv6).parts.slice(0, IPV6_PREFIX_PARTS);
  return { address, block: `${parts.map((part) => part.toString(16)).join(":")}::/64` };
}

/** The address block that limits count this request by. */
export const addressBlock = (c: Context): string => originOf(c).block;

const hashes = memory<string>("hashes", { sizeOf: textBytes });

/**
 * A caller's name for storage: addresses and user ids are counted only under a keyed hash, so who reads
 * Redis cannot tell, nor guess, whose it was.
 */
export async function keyedHash(name: string, secret: string): Promise<string> {
  const memo = `${secret}|${name}`;
  const known = hashes.get(memo);
  if (known) return known;
  const text = new TextEncoder().encode(name);
  const digest = await crypto.subtle.sign("HMAC", await hmacKey(secret), text);
  const hash = Array.from(new Uint8Array(digest, 0, HASH_BYTES), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
  hashes.set(memo, hash);
  return hash;
}
