// The command line of `npm run setup`: its options, their help text and their validation.
import { domainToASCII } from "node:url";
import { parse, UsageError } from "../command-line.ts";

export const HELP = `npm run setup -- [options]

Deploys Doorbuster to your Cloudflare account, step by step. A second run finds what is done and changes nothing. After
a failure, run it again: it goes on where it stopped. Without a terminal it asks nothing.

  --domain HOST       serve at this domain of yours, such as drops.shop.example. Its zone must be in the account
  --workers-dev       serve at NAME.your-subdomain.workers.dev instead (default)
  --var NAME=VALUE    set a variable of the deployment, such as LOGIN_URL. May be repeated; an empty value removes it
  --sale FILE         the first sale, as JSON. Default: a free sample that opens in a week
  --sale-title TEXT   the title of the sample
  --sale-opens TIME   when the sample opens, such as 2026-12-01T09:00:00Z. It is open for a day
  --no-sale           put no sale up
  --name NAME         the name of the Worker, and the start of its queues' names (default: doorbuster)
  --account ID        the Cloudflare account, if your login has several (or CLOUDFLARE_ACCOUNT_ID)
  --dry-run           show what would be done, and change nothing
  --help              print this text

Secrets come from environment variables, never from options: UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN (required
once), and STRIPE_SECRET_KEY and the like if you need them (see .dev.vars.example). ADMIN_TOKEN, SIGNING_SECRET, and
AUTH_SECRET are generated. A secret that is set at Cloudflare is never replaced.
`;

export interface Options {
  name?: string;
  account?: string;
  /** Undefined: as before. `workers.dev`: no domain of one's own. */
  domain?: string;
  vars: Record<string, string>;
  /** A file with the first sale. */
  sale?: string;
  saleTitle?: string;
  /** Milliseconds since 1970. */
  saleOpensAt?: number;
  /** Whether a first sale is put up. */
  withSale: boolean;
  dryRun: boolean;
}

/** The value of `domain` for a deployment without a domain of its own. */
export const WORKERS_DEV = "workers.dev";

const OPTIONS = {
  name: { type: "string" },
  account: { type: "string" },
  domain: { type: "string" },
  "workers-dev": { type: "boolean", default: false },
  var: { type: "string", multiple: true, default: [] as string[] },
  sale: { type: "string" },
  "sale-title": { type: "string" },
  "sale-opens": { type: "string" },
  "no-sale": { type: "boolean", default: false },
  "dry-run": { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

/** Cloudflare allows 63 characters for a queue, and its longest name ends with `-orders-dlq`. */
const NAME = /^[a-z0-9](?:[a-z0-9-]{0,50}[a-z0-9])?$/;
/** As in the schema of a sale. */
const MAX_TITLE = 200;
const DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]*[a-z0-9])$/;

/** Parses `argv`. Returns "help" for --help. @throws {UsageError} */
export function parseOptions(argv: string[]): Options | "help" {
  const { values } = parse({ args: argv, options: OPTIONS });
  if (values.help) return "help";
  const { name, account, domain, sale, "sale-title": title, "sale-opens": opens } = values;
  if (name !== undefined && !NAME.test(name))
    throw new UsageError("--name must be at most 52 lower-case letters, digits and hyphens.");
  if (domain !== undefined && values["workers-dev"])
    throw new UsageError("--domain and --workers-dev exclude each other.");
  if (sale !== undefined && values["no-sale"])
    throw new UsageError("--sale and --no-sale exclude each other.");
  if ((title ?? opens) !== undefined && (sale !== undefined || values["no-sale"]))
    throw new UsageError(
      "--sale-title and --sale-opens are for the sample: without --sale and --no-sale.",
    );
  const host = values["workers-dev"] ? WORKERS_DEV : domain && domainIn(domain);
  return {
    ...(name !== undefined && { name }),
    ...(account !== undefined && { account }),
    ...(host && { domain: host }),
    ...(sale !== undefined && { sale }),
    ...(title !== undefined && { saleTitle: titleIn(title) }),
    ...(opens !== undefined && { saleOpensAt: timeIn(opens, Date.now()) }),
    vars: Object.fromEntries(values.var.map(pair)),
    withSale: !values["no-sale"],
    dryRun: values["dry-run"],
  };
}

/** The host name in what someone typed: a name, or an address. @throws {UsageError} */
export function domainIn(text: string): string {
  const name = text
    .trim()
    .toLowerCase()
    .replace(/^https?:\/\//, "")
    .replace(/\/$/, "");
  // Names with other letters have an ASCII form.
  const host = /[^\p{L}\p{M}\p{N}.-]/u.test(name) ? name : domainToASCII(name);
  if (!DOMAIN.test(host))
    throw new UsageError(`"${text}" is not a domain such as drops.shop.example.`);
  return host;
}

/** The title that someone typed. @throws {UsageError} */
export function titleIn(text: string): string {
  const title = text.trim();
  if (title === "" || title.length > MAX_TITLE)
    throw new UsageError(`A title has 1 to ${MAX_TITLE} characters.`);
  return title;
}

/** The opening time that someone typed: milliseconds since 1970. Without a zone, local time. @throws {UsageError} */
export function timeIn(text: string, now: number): number {
  const typed = text.trim();
  const time = /^\d{4}-\d\d-\d\d[ T]\d\d:\d\d/.test(typed)
    ? Date.parse(typed.replace(" ", "T"))
    : NaN;
  if (Number.isNaN(time))
    throw new UsageError(
      `"${text}" is not a time such as 2026-12-01T09:00:00Z, or 2026-12-01 09:00 here.`,
    );
  if (time <= now) throw new UsageError(`${text} has passed.`);
  return time;
}

function pair(text: string): [string, string] {
  const at = text.indexOf("=");
  if (at < 1) throw new UsageError("--var needs NAME=VALUE.");
  return [text.slice(0, at), text.slice(at + 1)];
}
