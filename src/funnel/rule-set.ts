// Deny and allow rules, and what they mean for a caller: by address or CIDR, user, ASN and country. An
// allow rule always wins.
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
  /** Absent: until it is lifted. */
  expiresAt: z.string().exactOptional(),
  note: z.string().exactOptional(),
  /** Why an automatic block was made: counts, no addresses. */
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

/** Length of the prefix before an IPv4 address that is written as IPv6. */
const MAPPED_BITS = 96;
const IPV4_BITS = 32;
const IPV6_BITS = 128;
/** What one IPv6 client owns: its network's host part is the client's to change at any time. */
const IPV6_CLIENT_BITS = 64;
/** A single client's address or network: looked up by name, where others are compared one by one. */
const SINGLE = /^[^:]+\/32$|\/(64|128)$/;

/** What rules look at. `address` is undefined when the caller's cannot be parsed. */
export interface Caller {
  address?: ipaddr.IPv4 | ipaddr.IPv6 | undefined;
  asn?: string | undefined;
  country?: string | undefined;
  userId?: string | undefined;
}

/** Checks a rule's value and gives it its one spelling; undefined when it is no such value. */
export function normalizeValue(kind: RuleKind, value: string): string | undefined {
  switch (kind) {
    case "ip":
      return normalizeNetwork(value);
    case "asn":
      return /^\d{1,10}$/.test(value) ? String(Number(value)) : undefined;
    case "country":
      // T1, which stands for Tor, has a digit.
      return /^[A-Za-z][A-Za-z0-9]$/.test(value) ? value.toUpperCase() : undefined;
    case "user":
      return value.length > 0 && value.length <= 128 && value.isWellFormed() ? value : undefined;
  }
}

/**
 * An address or a CIDR as the CIDR it means; a single IPv6 address means its /64. Only plain spellings:
 * `010.1` is an address to some.
 */
function normalizeNetwork(value: string): string | undefined {
  const [address = "", length, ...more] = value.split("/");
  const { IPv4, IPv6 } = ipaddr;
  const isIPv4 = IPv4.isValidFourPartDecimal(address) && !/(^|\.)0\d/.test(address);
  if (more.length > 0 || !(isIPv4 || (IPv6.isValid(address) && !address.includes("%")))) {
    return undefined;
  }
  const cidr = `${address}/${length ?? (isIPv4 ? IPV4_BITS : bitsOf(address))}`;
  if (!ipaddr.isValidCIDR(cidr)) return undefined;
  const [parsed, bits] = ipaddr.parseCIDR(cidr);
  if (parsed.kind() === "ipv4") return `${IPv4.networkAddressFromCIDR(cidr)}/${bits}`;
  // Callers' addresses are compared as IPv4 when that is what they are.
  const mapped = (parsed as ipaddr.IPv6).isIPv4MappedAddress() && bits >= MAPPED_BITS;
  if (!mapped) return `${IPv6.networkAddressFromCIDR(cidr)}/${bits}`;
  return normalizeNetwork(`${(parsed as ipaddr.IPv6).toIPv4Address()}/${bits - MAPPED_BITS}`);
}

/** How much of a single IPv6 address a rule means: all of one that is an IPv4 address in disguise. */
const bitsOf = (address: string): number =>
  ipaddr.IPv6.parse(address).isIPv4MappedAddress() ? IPV6_BITS : IPV6_CLIENT_BITS;

/** Whether a rule's time has passed. */
export const isExpired = ({ expiresAt }: Rule, now: number): boolean =>
  expiresAt !== undefined && Date.parse(expiresAt) <= now;

/** Rules, ready to be asked. */
export class RuleSet {
  readonly rules: readonly Rule[];
  /** Whether somebody's name may be worth more than where they come from. */
  readonly allowsUsers: boolean;
  /** What must be known of a caller to judge them: finding out costs, too. */
  readonly kinds: ReadonlySet<RuleKind>;
  readonly #exact = new Map<string, Rule[]>();
  readonly #networks: { rule: Rule; range: ReturnType<typeof ipaddr.parseCIDR> }[] = [];

  constructor(rules: readonly Rule[]) {
    this.rules = rules;
    this.allowsUsers = rules.some(({ effect, kind }) => effect === "allow" && kind === "user");
    this.kinds = new Set(rules.map(({ kind }) => kind));
    for (const rule of rules) {
      if (rule.kind === "ip" && !SINGLE.test(rule.value)) {
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
      ...this.#named("user", userId),
      ...this.#named("asn", asn),
      ...this.#named("country", country),
      ...(address ? namesOf(address).flatMap((name) => this.#named("ip", name)) : []),
      ...(address ? this.#around(address) : []),
    ];
  }

  #named(kind: RuleKind, value: string | undefined): Rule[] {
    return (value !== undefined && this.#exact.get(`${kind}:${value}`)) || [];
  }

  #around(address: ipaddr.IPv4 | ipaddr.IPv6): Rule[] {
    return this.#networks
      .filter(({ range }) => address.kind() === range[0].kind() && address.match(range))
      .map(({ rule }) => rule);
  }
}

/** The networks of a single client that hold an address, as rules spell them. */
function namesOf(address: ipaddr.IPv4 | ipaddr.IPv6): string[] {
  if (address.kind() === "ipv4") return [`${address}/${IPV4_BITS}`];
  const { parts } = address as ipaddr.IPv6;
  const network = new ipaddr.IPv6([...parts.slice(0, 4), 0, 0, 0, 0]);
  return [`${address}/${IPV6_BITS}`, `${network}/${IPV6_CLIENT_BITS}`];
}

/** A rule as it is stored; undefined when it does not parse: one bad rule must not hide the others. */
export function parseRule(text: string): Rule | undefined {
  const { data } = ruleTextSchema.safeParse(text);
  return data && normalizeValue(data.kind, data.value) !== undefined ? data : undefined;
}
