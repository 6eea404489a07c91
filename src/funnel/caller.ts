// The caller's address in the forms that limits and rules use, and the hashed names of callers in storage.
import type { Context } from "hono";
import ipaddr from "ipaddr.js";
import { keyedDigest } from "../digest.ts";
import { memory, textBytes } from "../edge/memory.ts";
import type { Attempt } from "./attempt.ts";

/** 128 bits, in hexadecimal. */
const HASH_LENGTH = 32;

/** A caller's address and the address blocks around it. */
interface Address {
  /** For comparison with rules. Undefined if the address does not parse. */
  parsed: ipaddr.IPv4 | ipaddr.IPv6 | undefined;
  /**
   * The unit that limits count by: one IPv4 address, or an IPv6 /64, all of which belongs to one customer. Addresses
   * that do not parse share one block.
   */
  block: string;
  /** The IPv6 /56 around the address, which providers assign to a whole site. Absent for IPv4. */
  site?: string;
  /** The IPv4 /24 or IPv6 /48 around the address. Often one customer's, sometimes a whole town's. */
  network?: string;
}

/** Cached, because parsing an address takes longer than the rest of most refusals. */
const addresses = memory<Address>("addresses", { sizeOf: () => 600 });
/** Length of the longest valid address. A longer one, possible only locally, must not fill the memory. */
const MAX_ADDRESS = 45;

/** The address of a request. In production, Cloudflare sets the header and callers cannot forge it. */
export const addressOf = (c: Context): Address =>
  readAddress(c.req.header("cf-connecting-ip") ?? "");

function readAddress(text: string): Address {
  const known = addresses.get(text);
  if (known) return known;
  const address = parse(text);
  if (text.length <= MAX_ADDRESS) addresses.set(text, address);
  return address;
}

function parse(text: string): Address {
  if (!ipaddr.isValid(text)) return { parsed: undefined, block: "unknown" };
  const parsed = ipaddr.process(text);
  if (parsed.kind() === "ipv4") {
    // Cloudflare always sends an IPv4 address in the same form, so the text can serve as the block.
    const block = ipaddr.IPv4.isValid(text) ? text : parsed.toString();
    return { parsed, block, network: `${block.slice(0, block.lastIndexOf("."))}.0/24` };
  }
  const { parts } = parsed as ipaddr.IPv6;
  const hex = (count: number) =>
    parts
      .slice(0, count)
      .map((part) => part.toString(16))
      .join(":");
  const siteEnd = ((parts[3] as number) & 0xff00).toString(16);
  return {
    parsed,
    block: `${hex(4)}::/64`,
    site: `${hex(3)}:${siteEnd}::/56`,
    network: `${hex(3)}::/48`,
  };
}

/** The address block that limits count this request by. */
export const addressBlock = (c: Context): string => addressOf(c).block;

/** The same for an attempt. A synthetic person's is one of their sale, so that it is never a real person's. */
export const limitedBlock = ({ c, rehearsed }: Pick<Attempt, "c" | "rehearsed">): string =>
  rehearsed ? `${rehearsed.saleId}|${readAddress(rehearsed.address).block}` : addressBlock(c);

const hashes = memory<string>("hashes", { sizeOf: textBytes });

/**
 * A caller's name for storage, in hexadecimal. Addresses and user ids are stored only as keyed hashes, so a reader
 * of Redis cannot identify or guess them.
 */
export function keyedHash(name: string, secret: string): string {
  const cacheKey = `${secret}|${name}`;
  const known = hashes.get(cacheKey);
  if (known) return known;
  const hash = keyedDigest(secret, name, "hex").slice(0, HASH_LENGTH);
  hashes.set(cacheKey, hash);
  return hash;
}

/** The keyed hash of an account. Limits, challenges, and arrivals use the same one, so it is computed once. */
export const accountHash = (userId: string, secret: string): string =>
  keyedHash(`user:${userId}`, secret);

/**
 * An account's name in this isolate's memory: 64 bits of the keyed hash, so no one without the secret can choose ids
 * that collide.
 */
export const accountName = (userId: string, secret: string): string =>
  accountHash(userId, secret).slice(0, 16);
