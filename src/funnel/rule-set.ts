// Deny and allow rules by address or CIDR, user, ASN, and country, and their decision about a caller. An allow rule
// always overrides deny rules.
import ipaddr from "ipaddr.js";
import * as z from "zod";

export const RULE_KINDS = ["ip", "user", "asn", "country"] as const;
export type RuleKind = (typeof RULE_KINDS)[number];

const ruleSchema = z.object({
  effect: z.enum(["deny", "allow"]),
  kind: z.enum(RULE_KINDS),
  value: z.string(),
  by: z.enum(["operator", "automatic"]),
  addedAt: z.string(),
  /** Absent for a rule that stays until it is removed. */
  expiresAt: z.string().exactOptional(),
  note: z.string().exactOptional(),
  /** The refusals that led to an automatic block: counts, never addresses. */
  evidence: z.record(z.string(), z.union([z.string(), z.number()])).exactOptional(),
});

export type Rule = z.output<typeof ruleSchema>;

const ruleTextSchema = z
  .string()
  .transform((text, ctx) => {
    try {
      return JSON.parse(text);
    } catch {
      ctx.addIssue("not JSON");
      return z.NEVER;
    }
  })
  .pipe(ruleSchema);

/** Length of the prefix before the IPv4 address in an IPv4-mapped IPv6 address. */
const MAPPED_BITS = 96;
const IPV4_BITS = 32;
const IPV6_BITS = 128;
/** Prefix of one IPv6 client, who can change the rest of the address at any time. */
const IPV6_CLIENT_BITS = 64;
/** A network of a single client. Such rules are looked up in a map; the others are compared in turn. */
const SINGLE_CLIENT = /^[^:]+\/32$|\/(64|128)$/;

/** The caller's properties that rules match. `address` is undefined if it does not parse. */
export interface Caller {
  address?: ipaddr.IPv4 | ipaddr.IPv6 | undefined;
  asn?: string | undefined;
  country?: string | undefined;
  userId?: string | undefined;
}

/** A rule's value in its canonical form. Undefined if the value is not valid for the kind. */
export function normalizeValue(kind: RuleKind, value: string): string | undefined {
  switch (kind) {
    case "ip":
      return normalizeNetwork(value);
    case "asn":
      return /^\d{1,10}$/.test(value) ? String(Number(value)) : undefined;
    case "country":
      // Cloudflare's code for Tor, T1, has a digit.
      return /^[A-Za-z][A-Za-z0-9]$/.test(value) ? value.toUpperCase() : undefined;
    case "user":
      return value.length > 0 && value.length <= 128 && value.isWellFormed() ? value : undefined;
  }
}

/**
 * An address or a CIDR as a canonical CIDR. A single IPv6 address becomes its /64. Rejects ambiguous forms such as
 * `010.1`, which some parsers accept as an address, and `1.2.3.4/08`, a slip that would cover 16 million addresses.
 */
function normalizeNetwork(value: string): string | undefined {
  const [address = "", length, ...more] = value.split("/");
  const { IPv4, IPv6 } = ipaddr;
  const isIPv4 = IPv4.isValidFourPartDecimal(address) && !/(^|\.)0\d/.test(address);
  if (more.length > 0 || !(isIPv4 || (IPv6.isValid(address) && !address.includes("%")))) {
    return undefined;
  }
  if (length?.startsWith("0") && length !== "0") return undefined;
  const cidr = `${address}/${length ?? (isIPv4 ? IPV4_BITS : prefixLength(address))}`;
  if (!ipaddr.isValidCIDR(cidr)) return undefined;
  const [parsed, bits] = ipaddr.parseCIDR(cidr);
  if (parsed.kind() === "ipv4") return `${IPv4.networkAddressFromCIDR(cidr)}/${bits}`;
  // A caller with an IPv4-mapped address is compared as IPv4, so the rule must be IPv4 as well.
  const mapped = (parsed as ipaddr.IPv6).isIPv4MappedAddress() && bits >= MAPPED_BITS;
  if (!mapped) return `${IPv6.networkAddressFromCIDR(cidr)}/${bits}`;
  return normalizeNetwork(`${(parsed as ipaddr.IPv6).toIPv4Address()}/${bits - MAPPED_BITS}`);
}

/** The prefix length of a rule for a single IPv6 address. An IPv4-mapped address is used in full. */
const prefixLength = (address: string): number =>
  ipaddr.IPv6.parse(address).isIPv4MappedAddress() ? IPV6_BITS : IPV6_CLIENT_BITS;

/** Whether a rule has expired at `now`, in milliseconds since 1970. */
export const isExpired = ({ expiresAt }: Rule, now: number): boolean =>
  expiresAt !== undefined && Date.parse(expiresAt) <= now;

/** Rules, indexed for fast matching. */
export class RuleSet {
  readonly rules: readonly Rule[];
  /** Whether a rule allows a user, which overrides deny rules on the user's network. */
  readonly allowsUsers: boolean;
  /** The kinds of rules there are, so callers need not compute properties that no rule matches. */
  readonly kinds: ReadonlySet<RuleKind>;
  readonly #exact = new Map<string, Rule[]>();
  readonly #networks: { rule: Rule; range: ReturnType<typeof ipaddr.parseCIDR> }[] = [];

  constructor(rules: readonly Rule[]) {
    this.rules = rules;
    this.allowsUsers = rules.some(({ effect, kind }) => effect === "allow" && kind === "user");
    this.kinds = new Set(rules.map(({ kind }) => kind));
    for (const rule of rules) {
      if (rule.kind === "ip" && !SINGLE_CLIENT.test(rule.value)) {
        this.#networks.push({ rule, range: ipaddr.parseCIDR(rule.value) });
      } else {
        const key = `${rule.kind}:${rule.value}`;
        this.#exact.set(key, [...(this.#exact.get(key) ?? []), rule]);
      }
    }
  }

  /** Whether the caller is denied now. */
  denies(caller: Caller, now: number): boolean {
    let denied = false;
    for (const rule of this.#matching(caller)) {
      if (isExpired(rule, now)) continue;
      if (rule.effect === "allow") return false;
      denied = true;
    }
    return denied;
  }

  #matching({ address, asn, country, userId }: Caller): Rule[] {
    return [
      ...this.#exactly("user", userId),
      ...this.#exactly("asn", asn),
      ...this.#exactly("country", country),
      ...(address ? clientNetworks(address).flatMap((cidr) => this.#exactly("ip", cidr)) : []),
      ...(address ? this.#containing(address) : []),
    ];
  }

  #exactly(kind: RuleKind, value: string | undefined): Rule[] {
    return (value !== undefined && this.#exact.get(`${kind}:${value}`)) || [];
  }

  #containing(address: ipaddr.IPv4 | ipaddr.IPv6): Rule[] {
    return this.#networks
      .filter(({ range }) => address.kind() === range[0].kind() && address.match(range))
      .map(({ rule }) => rule);
  }
}

/** The single-client networks that contain an address, in canonical form. */
function clientNetworks(address: ipaddr.IPv4 | ipaddr.IPv6): string[] {
  if (address.kind() === "ipv4") return [`${address}/${IPV4_BITS}`];
  const { parts } = address as ipaddr.IPv6;
  const network = new ipaddr.IPv6([...parts.slice(0, 4), 0, 0, 0, 0]);
  return [`${address}/${IPV6_BITS}`, `${network}/${IPV6_CLIENT_BITS}`];
}

/** Parses a stored rule. Returns undefined if it is malformed, so one bad rule does not disable the others. */
export function parseRule(text: string): Rule | undefined {
  const { data } = ruleTextSchema.safeParse(text);
  return data && normalizeValue(data.kind, data.value) !== undefined ? data : undefined;
}
