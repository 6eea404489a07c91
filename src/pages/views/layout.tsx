// The layout of every page: head, header, footer. Nothing in it depends on the visitor, except the language of personal pages.
import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import type { Sale } from "../../catalog/schema.ts";
import type { Branding } from "../../config/branding.ts";
import { LANGUAGES, type Language } from "../../values/languages.ts";
import { iconUrl, scriptUrl, styleUrl } from "../assets.ts";
import {
  brandingOf,
  directionFor,
  ownLanguage,
  type Page,
  toPersonal,
  toShared,
  withLanguage,
} from "../page.ts";
import type { WordGroup } from "../words/words.ts";
import { Seller } from "./components.tsx";
import { PageContext, usePage, useWords } from "./page-context.tsx";
import { PreviewBar } from "./preview-bar.tsx";

export interface FrameProps {
  title: string;
  description?: string | undefined;
  /** The sale whose theme and direction the page uses. */
  sale?: Pick<Sale, "theme" | "language"> | undefined;
  /** The address of a picture for the link preview. */
  picture?: string | undefined;
  /** Personal pages are not indexed and have no link preview. */
  personal?: boolean;
  /** Whether search engines should leave the page out. */
  unlisted?: boolean;
  /** Without JavaScript, the page reloads itself after this many seconds. */
  refresh?: number | undefined;
  /** The URL of a script that the page loads once it is idle. */
  script?: string | undefined;
  /** The groups of words that the page's scripts need, besides `common`. */
  browserWords?: readonly WordGroup[];
  /** Status messages at the bottom of the screen. */
  notices?: Child;
  children?: Child;
}

/** The product's logo: a door ajar with light falling out. */
const Logo = () => (
  <svg class="mark" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
    <path d="M6 28V6a3 3 0 0 1 3-3h14a3 3 0 0 1 3 3v22" class="mark-frame" />
    <path d="M9 28V6h9l5 3v19z" class="mark-light" />
    <path d="M9 6l8 4v20l-8-2z" class="mark-door" />
  </svg>
);

const Frame = (props: FrameProps) => {
  const page = usePage();
  const { words } = page.wording;
  const branding = brandingOf(page, props.sale);
  const own = page.isChosen ? undefined : ownLanguage(props.sale);
  return (
    <html
      lang={page.language}
      dir={directionFor(page, props.sale)}
      data-languages={page.isShared ? [...LANGUAGES, ...(own ? [own] : [])].join(" ") : undefined}
      data-own={page.isShared ? own : undefined}
    >
      <Head {...props} />
      <body data-script={props.script}>
        <a class="skip" href="#main">
          {words.page.skip}
        </a>
        {page.preview ? <PreviewBar {...page.preview} /> : null}
        <header class="bar">
          <a class="brand" href={toShared(page, "/")}>
            <Brand branding={branding} />
          </a>
          <nav aria-label={words.page.main}>
            <a href={toPersonal(page, "/orders")}>{words.page.myOrders}</a>
          </nav>
        </header>
        <main id="main" tabindex={-1}>
          {props.children}
        </main>
        <Notices>{props.notices}</Notices>
        <footer class="foot">
          <Seller theme={branding} />
          <p>{words.page.limits}</p>
          <p data-zone>{words.page.utc}</p>
          <LanguageMenu />
        </footer>
        {page.preview ? null : <BrowserWords groups={props.browserWords ?? []} />}
      </body>
    </html>
  );
};

/** The words for the scripts of the page, as data, which the content security policy allows. */
const BrowserWords = ({ groups }: { groups: readonly WordGroup[] }) => {
  const words = useWords();
  const sent = Object.fromEntries(
    ["common" as const, ...groups].map((name) => [name, words[name]]),
  );
  // No text can end the element or start a comment in it.
  const json = JSON.stringify(sent).replaceAll("<", "\\u003c");
  return (
    <script type="application/json" id="words">
      {raw(json)}
    </script>
  );
};

/** Names of the languages, each in itself. */
const NAMES: Record<Language, string> = {
  en: "English",
  de: "Deutsch",
  fr: "Français",
  es: "Español",
  ja: "日本語",
};

/** Links to this page in the other languages. The answer to a form cannot be asked for again, so it has none. */
const LanguageMenu = () => {
  const { path, language, wording } = usePage();
  return path === undefined ? null : (
    <nav class="languages" aria-label={wording.words.page.language}>
      {LANGUAGES.map((each) => (
        <a
          href={withLanguage(path, each)}
          hreflang={each}
          lang={each}
          aria-current={each === language ? "true" : undefined}
        >
          {NAMES[each]}
        </a>
      ))}
    </nav>
  );
};

/** Status messages and errors, at the bottom of the screen so that they do not shift the layout. */
const Notices = ({ children }: { children?: Child }) => (
  <div class="notices">
    {children}
    <p aria-live="assertive" data-page-fault></p>
  </div>
);

const Brand = ({ branding }: { branding: Branding }) => {
  const name = branding.name ?? branding.seller;
  return branding.logoUrl ? (
    <img
      class="logo"
      src={branding.logoUrl}
      alt={branding.logoAlt ?? name ?? useWords().page.home}
      height="32"
    />
  ) : (
    <>
      <Logo />
      <bdi>{name ?? "Doorbuster"}</bdi>
    </>
  );
};

const Head = (props: FrameProps) => {
  const { preview } = usePage();
  const isPersonal = props.personal || preview !== undefined;
  return (
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>{props.title}</title>
      {props.description ? <meta name="description" content={props.description} /> : null}
      {isPersonal || props.unlisted ? <meta name="robots" content="noindex" /> : null}
      {isPersonal ? null : <LinkPreview {...props} />}
      <meta name="color-scheme" content="light dark" />
      <meta name="theme-color" media="(prefers-color-scheme: light)" content="#f4f4f1" />
      <meta name="theme-color" media="(prefers-color-scheme: dark)" content="#111217" />
      {props.refresh ? (
        <noscript>
          <meta http-equiv="refresh" content={String(props.refresh)} />
        </noscript>
      ) : null}
      <link rel="icon" href={iconUrl()} type="image/svg+xml" />
      <link rel="stylesheet" href={styleUrl(brandingOf(usePage(), props.sale).accent)} />
      {preview ? null : <script type="module" src={scriptUrl()}></script>}
    </head>
  );
};

/** Open Graph metadata, for previews of shared links. */
const LinkPreview = ({ title, description, sale, picture }: FrameProps) => {
  const { name, seller } = brandingOf(usePage(), sale);
  const site = name ?? seller;
  return (
    <>
      <meta property="og:type" content="website" />
      <meta property="og:title" content={title} />
      {description ? <meta property="og:description" content={description} /> : null}
      {site ? <meta property="og:site_name" content={site} /> : null}
      {picture ? <meta property="og:image" content={picture} /> : null}
      <meta name="twitter:card" content={picture ? "summary_large_image" : "summary"} />
    </>
  );
};

/** Renders a complete HTML document. */
export async function renderDocument(page: Page, props: FrameProps): Promise<string> {
  const document = (
    <PageContext.Provider value={page}>
      <Frame {...props} />
    </PageContext.Provider>
  );
  return `<!doctype html>${await document}`;
}
