// The page that makes a link to the preview of a sale.
import type { Sale } from "../../catalog/schema.ts";
import type { Issue } from "../../http/errors.ts";
import type { Operator } from "../../http/request.ts";
import type { PreviewLink } from "../preview-links.ts";
import { Faults, Select } from "./form.tsx";
import { renderConsole } from "./layout.tsx";
import { LocalTime } from "./parts.tsx";

interface PreviewLinkProps {
  operator: Operator;
  sale: Sale;
  /** The link that was just made. It is shown once. */
  link?: PreviewLink;
  issues?: readonly Issue[];
}

/** How long a link can be good, by seconds. */
const LIVES = { 3600: "1 hour", 86400: "1 day", 604800: "7 days", 2592000: "30 days" };
const DEFAULT_LIFE = "86400";

export const renderPreviewLink = ({
  operator,
  sale,
  link,
  issues,
}: PreviewLinkProps): Promise<string> =>
  renderConsole({
    title: `Preview link of ${sale.title}`,
    operator,
    children: (
      <>
        <h1>
          Preview link of <bdi>{sale.title}</bdi>
        </h1>
        <p class="links">
          <a href={`/admin/sales/${sale.id}`}>Figures</a>
        </p>
        <p>
          Whoever has the link sees the sale as it is saved, in every state, and can buy nothing. It
          cannot be taken back before it expires.
        </p>
        <Faults issues={issues} />
        {link ? <Made {...link} /> : null}
        {operator.role === "operator" ? <Make id={sale.id} /> : null}
      </>
    ),
  });

const Made = ({ url, expiresAt }: PreviewLink) => (
  <div class="done" role="status">
    <p>
      The link works until <LocalTime at={expiresAt} />.
    </p>
    <label>
      <span>Copy it now: nothing stores it</span>
      <input type="text" readonly value={url} />
    </label>
    <p>
      <a href={url} rel="noreferrer">
        Open the preview
      </a>
    </p>
  </div>
);

const Make = ({ id }: { id: string }) => (
  <form class="change" method="post" action={`/admin/sales/${id}/preview-link`}>
    <Select
      {...{ name: "validSeconds", label: "Works for", chosen: DEFAULT_LIFE }}
      options={Object.entries(LIVES)}
    />
    <p>
      <button type="submit">Make a link</button>
    </p>
  </form>
);
