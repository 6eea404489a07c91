// The layout of every page: head, header, footer. Nothing in it depends on the visitor.
import type { Child } from "hono/jsx";
import type { Sale } from "../../catalog/schema.ts";
import { iconUrl, scriptUrl, styleUrl } from "../assets.ts";
import { Seller } from "./components.tsx";

export interface FrameProps {
  title: string;
  description?: string | undefined;
  /** The sale whose theme the page uses. */
  sale?: Pick<Sale, "theme" | "imageUrl"> | undefined;
  /** Personal pages are not indexed and have no link preview. */
  personal?: boolean;
  /** Without JavaScript, the page reloads itself after this many seconds. */
  refresh?: number | undefined;
  /** The URLs of further scripts. */
  scripts?: readonly string[];
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

const Frame = (props: FrameProps) => (
  <html lang="en">
    <Head {...props} />
    <body>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <header class="bar">
        <a class="brand" href="/">
          <Brand theme={props.sale?.theme} />
        </a>
        <nav aria-label="Main">
          <a href="/orders">My orders</a>
        </nav>
      </header>
      <main id="main" tabindex={-1}>
        {props.children}
      </main>
      <Notices>{props.notices}</Notices>
      <footer class="foot">
        <Seller theme={props.sale?.theme} />
        <p>Limits apply per person, and we never oversell.</p>
        <p data-zone>Times are in UTC.</p>
      </footer>
    </body>
  </html>
);

/** Status messages and errors, at the bottom of the screen so that they do not shift the layout. */
const Notices = ({ children }: { children?: Child }) => (
  <div class="notices">
    {children}
    <p aria-live="assertive" data-page-fault></p>
  </div>
);

const Brand = ({ theme }: { theme: Sale["theme"] }) =>
  theme?.logoUrl ? (
    <img
      class="logo"
      src={theme.logoUrl}
      alt={theme.logoAlt ?? theme.seller ?? "Home"}
      height="32"
    />
  ) : (
    <>
      <Logo />
      <bdi>{theme?.seller ?? "Doorbuster"}</bdi>
    </>
  );

const Head = (props: FrameProps) => (
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>{props.title}</title>
    {props.description ? <meta name="description" content={props.description} /> : null}
    {props.personal ? <meta name="robots" content="noindex" /> : <LinkPreview {...props} />}
    <meta name="color-scheme" content="light dark" />
    <meta name="theme-color" media="(prefers-color-scheme: light)" content="#f4f4f1" />
    <meta name="theme-color" media="(prefers-color-scheme: dark)" content="#111217" />
    {props.refresh ? (
      <noscript>
        <meta http-equiv="refresh" content={String(props.refresh)} />
      </noscript>
    ) : null}
    <link rel="icon" href={iconUrl()} type="image/svg+xml" />
    <link rel="stylesheet" href={styleUrl(props.sale?.theme?.accent)} />
    {[scriptUrl(), ...(props.scripts ?? [])].map((url) => (
      <script type="module" src={url}></script>
    ))}
  </head>
);

/** Open Graph metadata, for previews of shared links. */
const LinkPreview = ({ title, description, sale }: FrameProps) => (
  <>
    <meta property="og:type" content="website" />
    <meta property="og:title" content={title} />
    {description ? <meta property="og:description" content={description} /> : null}
    {sale?.theme?.seller ? <meta property="og:site_name" content={sale.theme.seller} /> : null}
    {sale?.imageUrl ? <meta property="og:image" content={sale.imageUrl} /> : null}
    <meta name="twitter:card" content={sale?.imageUrl ? "summary_large_image" : "summary"} />
  </>
);

/** Renders a complete HTML document. */
export async function renderDocument(props: FrameProps): Promise<string> {
  return `<!doctype html>${await (<Frame {...props} />)}`;
}
