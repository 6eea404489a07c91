// Explains the fault of a form's field in plain words. Pure.

const WORDS: [pattern: RegExp, message: string][] = [
  [/received undefined$|expected string to have >=1 /, "is required"],
  [/expected int, received/, "is not a whole number"],
  [/expected number, received/, "is not a number"],
  [/^Invalid ISO datetime/, "is not a date and time"],
  [/^Too small: expected \w+ to (?:be|have) >=?(\S+)/, "must be at least $1"],
  [/^Too big: expected string to have <=(\d+) characters/, "has more than $1 characters"],
  [/^Too big: expected \w+ to (?:be|have) <=?(\S+)/, "must be at most $1"],
];

/** The message of a schema as an operator reads it. Others stay as they are. */
export function inWords(message: string): string {
  const found = WORDS.find(([pattern]) => pattern.test(message));
  if (!found) return message;
  const [pattern, words] = found;
  const [, bound = ""] = pattern.exec(message) ?? [];
  return words.replace("$1", bound);
}
