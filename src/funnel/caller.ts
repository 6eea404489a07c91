// Where a request comes from, as far as limits need to know it, and how callers are named in storage.
import type { Context } from "hono";
import ipaddr from "ipaddr.js";
import { LRUCache } from "lru-cache";
import { hmacKey } from "./keys.ts";

const IPV6_PREFIX_PARTS = 4;
const HASH_BYTES = 16;

/**
 * The address block that limits count: one IPv4 address, or the /64 that an IPv6 customer owns whole.
 * Cloudflare sets the header and callers cannot; what does not parse shares one block.
 */
export function addressBlock(c: Context): string {
  const text = c.req.header("cf-connecting-ip") ?? "";
  if (ipaddr.IPv4.isValid(text)) return text; // Cloudflare has one spelling for it
  if (!ipaddr.isValid(text)) return "unknown";
  const address = ipaddr.process(text);
  if (address.kind() === "ipv4") return address.toString();
  const parts = (address as ipaddr.IPv6).parts.slice(0, IPV6_PREFIX_PARTS);
  return `${parts.map((part) => part.toString(16)).join(":")}::/64`;
}

const hashes = new LRUCache<string, string>({ max: 10_000 });

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
