// The page that components are part of, and texts with elements in their gaps.
import { type Child, createContext, type JSX, type PropsWithChildren, useContext } from "hono/jsx";
import { directionOf } from "../../values/languages.ts";
import { partsOf } from "../copy/wording.ts";
import type { Page } from "../page.ts";
import type { Template } from "../words/words.ts";

type FormAttributes = JSX.IntrinsicElements["form"];

export const PageContext = createContext<Page | undefined>(undefined);

/** The page that is being rendered. Only inside of `renderDocument`. */
export function usePage(): Page {
  const page = useContext(PageContext);
  if (!page) throw new Error("a component was rendered outside of a page");
  return page;
}

/** The words of the page that is being rendered. */
export const useWords = () => usePage().wording.words;

/** A text whose gaps are filled with elements. It has no plural. */
export function Say<Names extends string>({
  text,
  gaps,
}: {
  text: Template<Names>;
  gaps: Readonly<Record<Names, Child>>;
}) {
  const parts = partsOf(text as unknown as string);
  return <>{parts.map((part, i) => (i % 2 ? gaps[part as Names] : part))}</>;
}

/** A form. A preview has none, because nothing can be bought from it. */
export const Form = ({ children, ...attributes }: PropsWithChildren<FormAttributes>) =>
  usePage().preview ? (
    <div class={attributes.class}>{children}</div>
  ) : (
    <form {...attributes}>{children}</form>
  );

/** In a form that leads from a shared page to a personal one: keeps the language that the address names. */
export const ChosenLanguage = () => {
  const { isShared, isChosen, language } = usePage();
  return isShared && isChosen ? <input type="hidden" name="lang" value={language} /> : null;
};

/** Attributes of an element with the shop's own text: its language and direction, as far as they are known. */
export const shopText = (language: string | undefined) =>
  language === undefined
    ? { dir: "auto" as const }
    : { lang: language, dir: directionOf(language) };
