// The language of a page that is the same for everybody: its plain address leads visitors who prefer another language to an address
// of its own, which names the language and therefore never leads anywhere.

const NAME = "lang";
const REMEMBERED_SECONDS = 31_536_000;
const { lang, dataset } = document.documentElement;
/** The language of the page, or of its sale if no page is written in that. */
const shown = dataset.own ?? lang;

/** The language of a tag, without its region. */
const primary = (tag: string): string | undefined => tag.toLowerCase().split("-")[0];

/** The choice that this browser remembers, then the languages that it prefers. */
const wishes = (): readonly string[] => {
  const remembered = /(?:^|; )lang=([a-z]+)/.exec(document.cookie)?.[1];
  return [...(remembered ? [remembered] : []), ...(navigator.languages ?? [])];
};

/** Leaves for the page in the visitor's language. Returns whether it does: nothing else should start then. */
export function leaveForLanguage(): boolean {
  const languages = dataset.languages?.split(" ");
  // The server chose the language of a personal page.
  if (!languages) return false;
  const url = new URL(location.href);
  const asked = url.searchParams.get(NAME);
  const wish = wishes()
    .map(primary)
    .find((tag) => languages.includes(tag ?? ""));
  if (wish === shown) return false;
  if (asked !== null) {
    // A page in no language of ours shows another one. A link that somebody shared must not choose for its reader.
    if (asked === shown && document.referrer.startsWith(`${location.origin}/`))
      // biome-ignore lint/suspicious/noDocumentCookie: the oldest supported browsers have no Cookie Store API.
      document.cookie = `${NAME}=${shown};path=/;max-age=${REMEMBERED_SECONDS};samesite=lax`;
    return false;
  }
  if (wish === undefined) return false;
  url.searchParams.set(NAME, wish);
  location.replace(url);
  return true;
}
