// The frame of every page of the console.
import type { Child } from "hono/jsx";
import type { Operator } from "../../http/request.ts";
import { consoleScriptUrl, consoleStyleUrl, iconUrl } from "../../pages/assets.ts";

interface FrameProps {
  title: string;
  /** Absent on the sign-in page. */
  operator?: Operator | undefined;
  /** Without JavaScript, the page reloads itself after this many seconds. */
  refresh?: number;
  /** Further scripts. */
  scripts?: string[];
  children?: Child;
}

const Frame = ({ title, operator, refresh, scripts = [], children }: FrameProps) => (
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>{`${title} · Console`}</title>
      <meta name="robots" content="noindex" />
      <meta name="color-scheme" content="light dark" />
      {refresh ? (
        <noscript>
          <meta http-equiv="refresh" content={String(refresh)} />
        </noscript>
      ) : null}
      <link rel="icon" href={iconUrl()} type="image/svg+xml" />
      <link rel="stylesheet" href={consoleStyleUrl()} />
      {[consoleScriptUrl(), ...scripts].map((url) => (
        <script type="module" src={url}></script>
      ))}
    </head>
    <body>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <header class="bar">
        <a class="brand" href="/admin">
          Doorbuster console
        </a>
        {operator ? <Navigation /> : null}
        {operator ? <Account {...operator} /> : null}
      </header>
      <main id="main" tabindex={-1}>
        {children}
      </main>
    </body>
  </html>
);

/** The pages that every page links to. */
const PAGES: [path: string, name: string][] = [
  ["/admin", "Sales"],
  ["/admin/alerts", "Alerts"],
  ["/admin/orders", "Orders"],
  ["/admin/rules", "Rules"],
  ["/admin/dead-letters", "Dead letters"],
  ["/admin/webhooks", "Webhooks"],
  ["/admin/switches", "Switches"],
  ["/admin/log", "Log"],
];

const Navigation = () => (
  <nav class="links" aria-label="Console">
    {PAGES.map(([path, name]) => (
      <a href={path}>{name}</a>
    ))}
  </nav>
);

const Account = ({ name, role }: Operator) => (
  <form class="account" method="post" action="/admin/sign-out">
    <span>
      <bdi>{name}</bdi>
      {name === role ? null : ` (${role})`}
    </span>
    <button type="submit" class="quiet">
      Sign out
    </button>
  </form>
);

/** Renders a complete HTML document. */
export async function renderConsole(props: FrameProps): Promise<string> {
  return `<!doctype html>${await (<Frame {...props} />)}`;
}

/** A page that says what went wrong. */
export const renderProblem = (title: string, text: string, operator?: Operator): Promise<string> =>
  renderConsole({
    title,
    operator,
    children: (
      <>
        <h1>{title}</h1>
        <p>{text}</p>
        <p>
          <a href="/admin">All sales</a>
        </p>
      </>
    ),
  });
