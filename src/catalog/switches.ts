// The operator's switches: what they are, and which of them are in force. Edges hold them with the catalog, so reading them
// does no I/O.
import * as z from "zod";

/** The values of each switch, apart from its default, under which nothing is stored. */
interface Values {
  /** A sale takes no orders. Its holds run on. */
  paused: true;
  /** A SKU is no longer on sale. */
  closed: true;
  /** Who solves a challenge, whatever the sale says. */
  challenge: "off" | "everyone";
  /** The factor by which the sale's rate limits are multiplied. */
  limits: number;
  /** No charge is sent to the payment provider. */
  paymentsPaused: true;
  /** Nothing takes orders. */
  readOnly: true;
  /** Buyers cannot list their orders. */
  orderHistoryOff: true;
  /** Nobody is told how many units are left. */
  liveStockOff: true;
}

export type SwitchName = keyof Values;

/** The target of a switch: a sale, a SKU, or without either the deployment. */
export interface SwitchTarget {
  sale?: string;
  sku?: string;
}

interface Setting extends SwitchTarget {
  /** Milliseconds. */
  since: number;
  /** When the edges themselves stop applying it: milliseconds. Absent: not before an operator changes it. */
  until?: number;
  /** What buyers are told. */
  notice?: string;
}

/** A switch that is not at its default. */
export type Switch<Name extends SwitchName = SwitchName> = {
  [N in Name]: { name: N; value: Values[N] } & Setting;
}[Name];

/** A switch as the registry stores it. */
export type RegisteredSwitch = Switch & {
  /** Why the operator set it. Not published. */
  reason: string;
  /** Who set it. */
  by: string;
};

export type EffectiveSwitches = { readonly [Name in SwitchName]?: Switch<Name> };

/** The targets of each switch. */
export const TARGETS: Record<SwitchName, readonly ("deployment" | "sale" | "sku")[]> = {
  paused: ["sale"],
  closed: ["sku"],
  challenge: ["deployment", "sale"],
  limits: ["deployment", "sale"],
  paymentsPaused: ["deployment"],
  readOnly: ["deployment"],
  orderHistoryOff: ["deployment"],
  liveStockOff: ["deployment"],
};

export const SWITCH_NAMES = Object.keys(TARGETS) as SwitchName[];

export const isInForce = ({ until }: Pick<Setting, "until">, now: number): boolean =>
  until === undefined || now < until;

const NONE: EffectiveSwitches = {};

/**
 * The switches that apply to a sale and a SKU at `now` (milliseconds). A sale's own switch takes precedence over that of the
 * deployment.
 */
export function effectiveSwitches(
  switches: readonly Switch[],
  now: number,
  { sale, sku }: SwitchTarget = {},
): EffectiveSwitches {
  if (switches.length === 0) return NONE;
  const effective: { [Name in SwitchName]?: Switch } = {};
  for (const each of switches) {
    if (!isInForce(each, now)) continue;
    if (each.sale !== undefined && each.sale !== sale) continue;
    if (each.sku !== undefined && each.sku !== sku) continue;
    if (each.sale !== undefined || !effective[each.name]) effective[each.name] = each;
  }
  return effective as EffectiveSwitches;
}

const published = {
  sale: z.string().optional(),
  sku: z.string().optional(),
  since: z.int(),
  until: z.int().optional(),
  notice: z.string().optional(),
};

const publishedSchema = z.union([
  z.object({ name: z.literal("challenge"), value: z.enum(["off", "everyone"]), ...published }),
  z.object({ name: z.literal("limits"), value: z.number().positive(), ...published }),
  z.object({
    name: z.enum(SWITCH_NAMES).exclude(["challenge", "limits"]),
    value: z.literal(true),
    ...published,
  }),
]);

/** Parses published switches. Omits those of a newer release. */
export const parseSwitches = (value: unknown): Switch[] =>
  Array.isArray(value)
    ? value.flatMap((each) => (publishedSchema.safeParse(each).data as Switch | undefined) ?? [])
    : [];

/** A registered switch as the edges get it. */
export const toPublished = ({ reason: _reason, by: _by, ...published }: RegisteredSwitch): Switch =>
  published;
