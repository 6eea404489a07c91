// The types of the words of the pages. English decides which words there are: a language with a missing or a superfluous one
// fails the type check.
import type { en } from "./en.ts";

/** A text for each plural category of its language (CLDR). The value `n` decides which one is used. */
export type Plural = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };

/** The names in braces in a text: `"n" | "all"` for `"{n} of {all}"`. */
type NamesIn<Text> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | NamesIn<Rest>
  : never;

declare const NAMES: unique symbol;

/** A text, or one for each plural category, with named gaps. `Wording.fill` makes plain text of it. */
export interface Template<Names extends string = string> {
  readonly [NAMES]: Names;
}

type Entry<Text> = Text extends string
  ? [NamesIn<Text>] extends [never]
    ? string
    : Template<NamesIn<Text>>
  : Template<NamesIn<Text[keyof Text]>>;

type English = typeof en;

/** The words as code uses them. A text with gaps cannot be shown without filling them. */
export type Words = {
  readonly [Group in keyof English]: {
    readonly [Name in keyof English[Group]]: Entry<English[Group][Name]>;
  };
};

/** The words as a translator writes them. */
export type Translation = {
  [Group in keyof English]: {
    [Name in keyof English[Group]]: English[Group][Name] extends string ? string : Plural;
  };
};

/** The names of the groups, which are the units that browsers get. */
export type WordGroup = keyof Words;
