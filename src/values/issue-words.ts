// The words for an invalid value, in place of zod's. They follow the name of a field: "stock must be a whole number".
import * as z from "zod";

type RawIssue = z.core.$ZodRawIssue;
type InvalidUnion = Extract<RawIssue, { code: "invalid_union" }>;

const TYPES: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  object: "an object",
  record: "an object",
  array: "an array",
};

const UNITS: Readonly<Record<string, string>> = { string: "characters", array: "entries" };

const FORMATS: Readonly<Record<string, string>> = {
  datetime: "a date and time such as 2026-12-01T09:00:00Z",
  url: "a complete address",
};

/** The most that a message repeats of what was sent. */
const MAX_NAMES = 5;
const MAX_NAME_LENGTH = 64;

/** A schema's own message comes first. */
z.config({ customError: inWords });

function inWords(issue: RawIssue): string {
  if (isMissing(issue)) return "is required";
  switch (issue.code) {
    case "invalid_type":
      return `must be ${TYPES[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return `must be ${oneOf(issue.values)}`;
    case "too_small":
      return issue.minimum === 1 && UNITS[issue.origin]
        ? "must not be empty"
        : bound(issue, issue.minimum, issue.inclusive === false ? "more than" : "at least");
    case "too_big":
      return bound(issue, issue.maximum, issue.inclusive === false ? "less than" : "at most");
    case "not_multiple_of":
      return `must be a multiple of ${issue.divisor}`;
    case "invalid_format":
      return FORMATS[issue.format] ? `must be ${FORMATS[issue.format]}` : `is not well formed`;
    case "unrecognized_keys":
      return `must not have ${unknownNames(issue.keys)}`;
    case "invalid_union":
      return unionWords(issue);
    default:
      return "is not valid";
  }
}

/** JSON has no undefined. A choice of alternatives looks at one field of its input. */
function isMissing(issue: RawIssue): boolean {
  if (issue.code === "invalid_union") return issue.options !== undefined && !tagOf(issue);
  return issue.input === undefined;
}

const tagOf = ({ input, discriminator }: InvalidUnion): unknown =>
  Object(input)[discriminator ?? ""];

const oneOf = (values: readonly unknown[]): string =>
  values.length === 1 ? String(values[0]) : `one of ${values.join(", ")}`;

function bound(
  { origin, exact }: Extract<RawIssue, { code: "too_small" | "too_big" }>,
  limit: number | bigint,
  words: string,
): string {
  const unit = UNITS[origin];
  return unit
    ? `must have ${exact ? "exactly" : words} ${limit} ${unit}`
    : `must be ${words} ${limit}`;
}

function unknownNames(keys: readonly string[]): string {
  const names = keys
    .slice(0, MAX_NAMES)
    .map((key) => JSON.stringify(key.slice(0, MAX_NAME_LENGTH)));
  const more = keys.length > MAX_NAMES ? ` and ${keys.length - MAX_NAMES} others` : "";
  return `the unknown ${keys.length > 1 ? "fields" : "field"} ${names.join(", ")}${more}`;
}

/** What the last alternative requires: the ones before it are exceptions, such as an empty text. */
function unionWords(issue: InvalidUnion): string {
  if (Array.isArray(issue.options)) return `must be ${oneOf(issue.options)}`;
  return issue.errors[issue.errors.length - 1]?.[0]?.message ?? "is not valid";
}
