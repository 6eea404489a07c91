// Formats of the page's language, in the visitor's region and time zone, with fallbacks for what `Intl` rejects.
import { wordingOf } from "../copy/wording.ts";
import { WORDS } from "./words.ts";

const { lang: language } = document.documentElement;

/** Some browsers report language tags that `Intl` rejects, such as `en-US@posix`. */
function isLanguage(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length > 0;
  } catch {
    return false;
  }
}

/** The language of the page as the visitor's regions write it, such as `de-AT`, or else in general. */
const locales = [...(navigator.languages ?? [])]
  .filter((tag) => tag.split("-")[0] === language && isLanguage(tag))
  .concat(language);

/** Falls back to UTC if the browser does not recognize the device's time zone. */
function timeFormat(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat(locales, options);
  } catch {
    return new Intl.DateTimeFormat("en", { ...options, timeZone: "UTC" });
  }
}

const TIME = timeFormat({ dateStyle: "medium", timeStyle: "short" });
/** The resolved time zone. */
export const { timeZone } = TIME.resolvedOptions();
const CLOCK = timeFormat({ timeStyle: "short" });

export const formatTime = (time: string | number): string => TIME.format(new Date(time));
export const formatClock = (time: string | number): string => CLOCK.format(new Date(time));

/** The wording of this page. */
export const WORDING = wordingOf(WORDS, language, locales, formatTime);
