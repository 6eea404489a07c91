// Where a request comes from, as far as limits need to know it, and how callers are named in storage.
import type { Context } from "hono";
import ipaddr from "ipaddr.js";
import { memory, textBytes } from "../memory.ts";
import { hmacKey } from "./keys.ts";

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
  /** The /56 that providers give a whole site; for IPv4 none. */
  site?: string;
  /** The IPv4 /24 or the IPv6 /48 around it: often one customer's, sometimes a whole town's. */
  network?: string;
}

/** Parsing an address takes longer than most of a refusal, and a crowd's callers ask many times. */
const origins = memory<Origin>("origins", { sizeOf: () => 600 });
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
  if (address.kind() === "ipv4") {
    // Cloudflare has one spelling for an IPv4 address.
    const block = ipaddr.IPv4.isValid(text) ? text : address.toString();
    return { address, block, network: `${block.slice(0, block.lastIndexOf("."))}.0/24` };
  }
  const { parts } = address as ipaddr.IPv6;
  const hex = (count: number) =>
    parts
      .slice(0, count)
      .map((part) => part.toString(16))
      .join(":");
  const siteEnd = ((parts[3] as number) & 0xff00).toString(16);
  return {
    address,
    block: `${hex(4)}::/64`,
    site: `${hex(3)}:${siteEnd}::/56`,
    network: `${hex(3)}::/48`,
  };
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

/**
 * An account's name in this isolate's memory: 64 bits that nobody can compute without the secret, so that
 * no ids can be chosen to pass for one account. The limits need the same hash, so it costs nothing more.
 */
export const accountName = async (userId: string, secret: string): Promise<string> =>
  (await keyedHash(`user:${userId}`, secret)).slice(0, 16);
