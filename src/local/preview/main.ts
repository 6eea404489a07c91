// `npm run preview`: checks a sale file, and shows the sale in every state on a local instance with temporary data.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { PreviewLink } from "../../admin/preview-links.ts";
import type { Sale } from "../../catalog/schema.ts";
import { billOf, inDollars } from "../../cost/bill.ts";
import { CHECKED } from "../../cost/prices.ts";
import { usageOfSale } from "../../cost/usage.ts";
import type { Issue } from "../../http/errors.ts";
import { statesOf } from "../../pages/preview-state.ts";
import { type AdminSaleList, Client, expectOk } from "../client.ts";
import { parse, runCommand, UsageError } from "../command-line.ts";
import { stopRequested } from "../dev/stop-requested.ts";
import { READY, startInstance } from "../dev/temporary.ts";
import { faultsOf, priceFaults, readSale } from "../sale-file.ts";
import { LOCAL_ADMIN_TOKEN } from "../settings.ts";
import { formatNumber } from "../terminal-format.ts";

const HELP = `npm run preview -- FILE.json [--no-open] [--help]

Checks the file of a sale (- reads it from stdin), puts the sale up on a local instance with temporary data, prints a link to each of its
states, and opens the first one in a browser, unless there is no terminal. It runs until Ctrl-C.
Exit status: 0 stopped or help printed, 1 the instance failed, 2 the sale or the usage is not valid.
`;

/** Cloudflare's keys for tests, which are public: a sale with challenges is not refused for want of keys. */
const TURNSTILE = {
  TURNSTILE_SITE_KEY: "1x00000000000000000000AA",
  TURNSTILE_SECRET: "1x0000000000000000000000000000000AA",
};
const INVALID = 2;
const OPTIONS = {
  "no-open": { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

process.exit(await runCommand(HELP, () => readOptions(process.argv.slice(2)), show));

async function show(options: Options): Promise<number> {
  const read = await readSale(options.file);
  const found = read.ok ? priceFaults(read.sale) : read.faults;
  if (!read.ok || found.length > 0) return refuse(found);
  const stopped = stopRequested();
  // Any free port, so that it runs beside `npm run dev`.
  const port = { PORT: process.env.PORT || "0" };
  const instance = await startInstance("preview", TURNSTILE, port);
  void stopped.then(() => instance.kill("SIGINT"));
  const exited = once(instance, "exit").then(([code]) => (code as number | null) ?? 1);
  const lines = createInterface({ input: instance.stdout });
  const url = await Promise.race([readyUrl(lines), exited]);
  if (typeof url === "number") return url;
  const faults = await present(url, read.sale, options.opens);
  if (!faults) return exited;
  instance.kill("SIGINT");
  await exited;
  return refuse(faults);
}

interface Options {
  file: string;
  /** Whether to open a browser. */
  opens: boolean;
}

/** @throws {UsageError} */
function readOptions(args: string[]): Options | "help" {
  const { values, positionals } = parse(
    { args, allowPositionals: true, options: OPTIONS },
    process.env,
  );
  if (values.help) return "help";
  const [file, ...others] = positionals;
  if (file === undefined || others.length > 0) throw new UsageError("Name one file: FILE.json.");
  return { file, opens: !values["no-open"] && !process.env.CI && process.stdout.isTTY === true };
}

function refuse(faults: readonly string[]): number {
  console.error("The sale is not valid:");
  for (const fault of faults) console.error(`- ${fault}`);
  return INVALID;
}

/** The address of the instance once a purchase would succeed. Its log is shown from then on. */
function readyUrl(lines: ReturnType<typeof createInterface>): Promise<string> {
  return new Promise((resolve) => {
    let isReady = false;
    lines.on("line", (line) => {
      if (isReady) console.log(line);
      const url = READY.exec(line)?.groups?.url;
      if (url === undefined) return;
      isReady = true;
      resolve(url);
    });
  });
}

/** Puts the sale up and prints its links. Returns what is wrong with the sale, if the instance refuses it. */
async function present(url: string, sale: Sale, opens: boolean): Promise<string[] | undefined> {
  const client = new Client(url, LOCAL_ADMIN_TOKEN);
  // The demo sales may have items of the same ids.
  const { sales } = expectOk(await client.admin<AdminSaleList>("GET", "/sales"));
  for (const { id } of sales) expectOk(await client.admin("DELETE", `/sales/${id}`));
  const put = await client.admin<{ issues?: Issue[] }>("PUT", `/sales/${sale.id}`, sale);
  if (put.status === 400) return faultsOf(put.body.issues ?? []);
  expectOk(put);
  const path = `/sales/${sale.id}/preview-links`;
  const { url: link } = expectOk(await client.admin<PreviewLink>("POST", path, {}));
  const links = statesOf(sale).map((state) => [state, `${link}&state=${state}`] as const);
  console.log(`Preview of "${sale.title}". The links work for a day, while this runs.\n`);
  for (const [state, address] of links) console.log(`  ${state.padEnd(8)}  ${address}`);
  console.log(`\n${billLine(sale)}\n\nReady on ${url}`);
  if (opens) openBrowser(links[0]?.[1] ?? link);
  return undefined;
}

const OPENERS: Partial<Record<NodeJS.Platform, string>> = { darwin: "open", win32: "explorer" };

/** Opens an address in the browser, if there is one. */
function openBrowser(address: string): void {
  const opener = spawn(OPENERS[process.platform] ?? "xdg-open", [address], {
    ...{ stdio: "ignore", detached: true },
  });
  opener.on("error", () => console.log("No browser was found: open a link yourself."));
  opener.unref();
}

/** Assumption: ten people for each unit. */
function billLine(sale: Sale): string {
  const visitors = 10 * sale.skus.reduce((sum, { stock }) => sum + stock, 0);
  const dollars = inDollars(billOf(usageOfSale(sale, visitors)).dollars);
  return `If ${formatNumber(visitors)} people come, it costs about ${dollars} at list prices (${CHECKED}), beside monthly fees and payments.`;
}
