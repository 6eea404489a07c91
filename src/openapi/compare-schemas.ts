// Says how one schema breaks clients that were written for another one. Pure.

export type Json = Record<string, unknown>;

/** A request is sent by clients, an answer is read by them. What breaks one is harmless in the other. */
export type Direction = "request" | "answer";

/** Two documents and their direction. */
export interface Versions {
  before: Json;
  after: Json;
  direction: Direction;
}

interface Place extends Versions {
  path: string;
  /** The pairs of references that are being compared, because schemas can refer to each other. */
  seen: Set<string>;
}

const asArray = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const asObject = (value: unknown): Json =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
const text = (value: unknown): string => JSON.stringify(value);

/** Follows a `$ref`. Siblings of it are only descriptions. */
export function resolve(document: Json, value: unknown): Json {
  const node = asObject(value);
  if (typeof node.$ref !== "string") return node;
  const parts = node.$ref.slice(2).split("/");
  return resolve(
    document,
    parts.reduce<unknown>((at, part) => asObject(at)[part], document),
  );
}

/** The breaking differences between two schemas, as sentences that begin with `path`. */
export function schemaBreaks(
  before: unknown,
  after: unknown,
  versions: Versions,
  path: string,
): string[] {
  return compare(before, after, { ...versions, path, seen: new Set() });
}

function compare(was: unknown, is: unknown, place: Place): string[] {
  const pair = `${asObject(was).$ref} ${asObject(is).$ref}`;
  const isReference = asObject(was).$ref !== undefined && asObject(is).$ref !== undefined;
  if (isReference && place.seen.has(pair)) return [];
  const seen = isReference ? new Set([...place.seen, pair]) : place.seen;
  const [old, now] = [resolve(place.before, was), resolve(place.after, is)];
  const inner = { ...place, seen };
  return [
    ...typeBreaks(old, now, inner),
    ...valueBreaks(old, now, inner),
    ...limitBreaks(old, now, inner),
    ...propertyBreaks(old, now, inner),
    ...itemBreaks(old, now, inner),
    ...choiceBreaks(old, now, inner),
  ];
}

/** The types that a schema allows. `number` includes `integer`. Empty: any. */
function typesOf({ type }: Json): string[] {
  const types = (Array.isArray(type) ? type : type === undefined ? [] : [type]) as string[];
  return types.includes("number") ? [...types, "integer"] : types;
}

function typeBreaks(old: Json, now: Json, { direction, path }: Place): string[] {
  const [were, are] = [typesOf(old), typesOf(now)];
  const [needed, allowed] = direction === "request" ? [were, are] : [are, were];
  const isFine =
    allowed.length === 0 || (needed.length > 0 && needed.every((each) => allowed.includes(each)));
  const types = isFine ? [] : [`${path}: the type ${text(old.type)} became ${text(now.type)}`];
  return old.format === now.format || (direction === "request" && now.format === undefined)
    ? types
    : [...types, `${path}: the format ${text(old.format)} became ${text(now.format)}`];
}

const valuesOf = (schema: Json): unknown[] | undefined =>
  "const" in schema ? [schema.const] : Array.isArray(schema.enum) ? schema.enum : undefined;

function valueBreaks(old: Json, now: Json, { direction, path }: Place): string[] {
  const [were, are] = [valuesOf(old), valuesOf(now)];
  const [needed, allowed] = direction === "request" ? [were, are] : [are, were];
  if (allowed === undefined) return [];
  if (needed === undefined) return [`${path}: the list of values changed to ${text(are ?? "any")}`];
  const known = new Set(allowed.map(text));
  const extra = needed.map(text).filter((value) => !known.has(value));
  if (extra.length === 0) return [];
  const verb = direction === "request" ? "are no longer accepted" : "are new";
  return [`${path}: the values ${extra.join(", ")} ${verb}`];
}

const LEAST = ["minimum", "minLength", "minItems"] as const;
const MOST = ["maximum", "maxLength", "maxItems"] as const;

/** Only requests are limited: an answer within other limits is read in the same way. */
function limitBreaks(old: Json, now: Json, { direction, path }: Place): string[] {
  if (direction === "answer") return [];
  const number = (value: unknown, otherwise: number) =>
    typeof value === "number" ? value : otherwise;
  const raised = LEAST.filter(
    (name) => number(now[name], -Infinity) > number(old[name], -Infinity),
  );
  const lowered = MOST.filter((name) => number(now[name], Infinity) < number(old[name], Infinity));
  const tighter: string[] = [...raised, ...lowered];
  if (now.pattern !== undefined && now.pattern !== old.pattern) tighter.push("pattern");
  return tighter.map((name) => `${path}: ${name} ${text(old[name])} became ${text(now[name])}`);
}

function propertyBreaks(old: Json, now: Json, place: Place): string[] {
  const { direction, path } = place;
  const [were, are] = [asObject(old.properties), asObject(now.properties)];
  const [required, requires] = [asArray(old.required), asArray(now.required)];
  const breaks = Object.keys(were).flatMap((name) =>
    name in are
      ? compare(were[name], are[name], { ...place, path: `${path}.${name}` })
      : [`${path}.${name} was removed`],
  );
  const [strict, lax, verb] =
    direction === "request"
      ? ([requires, required, "became required"] as const)
      : ([required, requires, "is no longer always there"] as const);
  for (const name of strict) {
    const isGone = direction === "answer" && !(String(name) in are);
    if (!lax.includes(name) && !isGone) breaks.push(`${path}.${name} ${verb}`);
  }
  return [...breaks, ...otherPropertyBreaks(old, now, place)];
}

function otherPropertyBreaks(old: Json, now: Json, place: Place): string[] {
  const [were, are] = [old.additionalProperties ?? true, now.additionalProperties ?? true];
  const isObject = typesOf(old).includes("object");
  if (isObject && place.direction === "request" && were !== false && are === false) {
    return [`${place.path}: other properties are no longer accepted`];
  }
  if (typeof were !== "object" || typeof are !== "object") return [];
  return compare(were, are, { ...place, path: `${place.path}.*` });
}

function itemBreaks(old: Json, now: Json, place: Place): string[] {
  const path = `${place.path}[]`;
  const [were, are] = [asArray(old.prefixItems), asArray(now.prefixItems)];
  if (were.length !== are.length) return [`${path}: the number of items changed`];
  return [
    ...were.flatMap((each, at) => compare(each, are[at], { ...place, path })),
    ...(old.items && now.items ? compare(old.items, now.items, { ...place, path }) : []),
  ];
}

const choicesOf = ({ oneOf, anyOf }: Json): unknown[] => asArray(oneOf ?? anyOf);

/** Each choice on the side that must be understood needs one that fits on the other side. */
function choiceBreaks(old: Json, now: Json, place: Place): string[] {
  const [were, are] = [choicesOf(old), choicesOf(now)];
  if (were.length === 0 && are.length === 0) return [];
  const [alone, others] = [were.length > 0 ? were : [old], are.length > 0 ? are : [now]];
  const fits = (a: unknown, b: unknown) => compare(a, b, place).length === 0;
  const unmatched =
    place.direction === "request"
      ? alone.filter((each) => !others.some((other) => fits(each, other)))
      : others.filter((each) => !alone.some((other) => fits(other, each)));
  return unmatched.map((each) => `${place.path}: no alternative fits ${text(each).slice(0, 80)}`);
}
