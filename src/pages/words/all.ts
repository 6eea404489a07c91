// The words of all languages.
import type { Language } from "../../languages.ts";
import { en } from "./en.ts";
import type { Translation, Words } from "./words.ts";

const TRANSLATIONS: Record<Language, Translation> = { en, de: en, fr: en, es: en, ja: en };

/** The words of a language. Their types say which of them have gaps, which no translation can state itself. */
export const wordsIn = (language: Language): Words => TRANSLATIONS[language] as unknown as Words;
