// The words of all languages.
import type { Language } from "../../values/languages.ts";
import { de } from "./de.ts";
import { en } from "./en.ts";
import { es } from "./es.ts";
import { fr } from "./fr.ts";
import { ja } from "./ja.ts";
import type { Translation, Words } from "./words.ts";

const TRANSLATIONS: Record<Language, Translation> = { en, de, fr, es, ja };

/** The words of a language. Their types say which of them have gaps, which no translation can state itself. */
export const wordsIn = (language: Language): Words => TRANSLATIONS[language] as unknown as Words;
