// The frame of every page: head, header, footer. Nothing in it depends on who asks.
import type { Child } from "hono/jsx";
import { iconUrl, scriptUrl, styleUrl } from "../assets.ts";

export interface FrameProps {
  title: string;
  description?: string | undefined;
  accent?: string | undefined;
  logoUrl?: string | undefined;
  /** The shop's name beside its logo; the sale's title, usually. */
  logoAlt?: string | undefined;
  /** Personal pages have no business in a search engine. */
  personal?: boolean;
  children?: Child;
}

/** A door ajar, light falling out: the mark of the product. */
const Mark = () => (
  <svg class="mark" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
    <path d="M6 28V6a3 3 0 0 1 3-3h14a3 3 0 0 1 3 3v22" class="mark-frame" />
    <path d="M9 28V6h9l5 3v19z" class="mark-light" />
    <path d="M9 6l8 4v20l-8-2z" class="mark-door" />
  </svg>
);

const Frame = (props: FrameProps) => (
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>{props.title}</title>
      {props.description ? <meta name="description" content={props.description} /> : null}
      {props.personal ? <meta name="robots" content="noindex" /> : null}
      <meta name="color-scheme" content="light dark" />
      <link rel="icon" href={iconUrl()} type="image/svg+xml" />
      <link rel="stylesheet" href={styleUrl(props.accent)} />
      <script type="module" src={scriptUrl()}></script>
    </head>
    <body>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <header class="bar">
        <a class="brand" href="/">
          {props.logoUrl ? (
            <img class="logo" src={props.logoUrl} alt={props.logoAlt ?? "Home"} height="32" />
          ) : (
            <>
              <Mark />
              <span>Doorbuster</span>
            </>
          )}
        </a>
        <nav aria-label="Main">
          <a href="/orders">My orders</a>
        </nav>
      </header>
      <main id="main" tabindex={-1}>
        {props.children}
      </main>
      <footer class="foot">
        <p>
          First come, first served. One allowance per person, and never more sold than there is.
        </p>
        <p data-zone>Times are in UTC.</p>
      </footer>
    </body>
  </html>
);

/** A whole document as text. */
export async function renderDocument(props: FrameProps): Promise<string> {
  return `<!doctype html>${await (<Frame {...props} />)}`;
}
