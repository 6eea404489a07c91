// What setup knows before its first step: the login, the account, the settings and the secrets.
import type { SaleInput } from "../client.ts";
import { UsageError } from "../command-line.ts";
import type { Ask } from "./ask.ts";
import { type Account, Cloudflare, type DeployedWorker } from "./cloudflare.ts";
import { readSecrets, readSettings, readTracked, type Settings } from "./deployment-files.ts";
import { SetupError } from "./error.ts";
import { saleFrom } from "./first-sale.ts";
import { type Options, WORKERS_DEV } from "./options.ts";
import {
  checkConfiguration,
  knownSecrets,
  UPSTASH,
  unusedSecrets,
  type Values,
  withGenerated,
} from "./secrets.ts";
import { authHeaders, type Env, login } from "./wrangler.ts";

/** What a run of setup works with. */
export interface Setup {
  options: Options;
  env: Env;
  /** The folder of the project. */
  root: string;
  /** Absent without a terminal. */
  ask: Ask | undefined;
  say(line: string): void;
  /** How long to wait for the deployment to answer, in milliseconds. */
  readyLimitMs: number;
}

export interface Context extends Setup {
  cloudflare: Cloudflare;
  account: Account;
  settings: Settings;
  /** What an earlier run noted. */
  noted: { settings: Settings | undefined; secrets: Values };
  /** All secrets whose values are known here. */
  secrets: Values;
  /** The sale of the operator's file, if they named one. */
  sale: SaleInput | undefined;
  /** The Worker as it was found, or undefined. */
  worker: DeployedWorker | undefined;
}

/** Finds out what exists. Changes nothing. @throws {SetupError} or {UsageError} */
export async function openContext(setup: Setup): Promise<Context> {
  const { options, env, root, ask } = setup;
  const sale = options.sale === undefined ? undefined : await saleFrom(options.sale);
  const cloudflare = await connect(setup);
  const noted = { settings: await readSettings(root), secrets: await readSecrets(root) };
  const wanted = options.account ?? env.CLOUDFLARE_ACCOUNT_ID ?? noted.settings?.accountId;
  const account = chooseAccount(await cloudflare.accounts(), wanted);
  const settings = await chooseSettings(setup, { cloudflare, account, noted: noted.settings });
  const worker = await cloudflare.worker(account.id, settings.name);
  refuseForeign(settings.name, worker);
  const atCloudflare = worker?.secrets ?? [];
  let known = knownSecrets(env, noted.secrets, atCloudflare);
  const unused = unusedSecrets(env, noted.secrets, atCloudflare);
  if (unused.length > 0) setup.say(adviceFor(unused));
  const lacking = UPSTASH.filter((name) => !known[name] && !atCloudflare.includes(name));
  if (lacking.length > 0) {
    if (!ask) throw new UsageError(missingCredentials(lacking));
    known = { ...known, ...(await ask.upstash()) };
  }
  const secrets = withGenerated(known, atCloudflare, settings.vars);
  const vars = { ...readTracked(root).vars, ...settings.vars, PUBLIC_ORIGIN: settings.origin };
  checkConfiguration(vars, secrets, atCloudflare);
  return { ...setup, cloudflare, account, settings, noted, secrets, sale, worker };
}

const adviceFor = (unused: string[]): string =>
  `! Not deployed, because Cloudflare has a value already: ${unused.join(", ")}. To change one, run ` +
  "npx wrangler secret put NAME --config deployment/wrangler.json, and put the value into deployment/secrets.env.";

const missingCredentials = (names: string[]): string =>
  `${names.join(" and ")} must be set in the environment: create a Redis database at console.upstash.com in the region ` +
  "nearest to your buyers, and copy both from its page.";

async function connect({ env, root, ask }: Setup): Promise<Cloudflare> {
  let headers = await authHeaders(env, root);
  if (!headers && ask) {
    await login(env, root);
    headers = await authHeaders(env, root);
  }
  if (headers) return new Cloudflare(headers, env.CLOUDFLARE_API_BASE_URL);
  throw new SetupError(
    "You are not signed in to Cloudflare. Run npx wrangler login, or set CLOUDFLARE_API_TOKEN, and run setup again.",
  );
}

function chooseAccount(accounts: Account[], wanted: string | undefined): Account {
  const found = accounts.find(({ id }) => id === wanted);
  // A token for one account may be unable to list it.
  if (wanted !== undefined && (found || accounts.length === 0))
    return found ?? { id: wanted, name: wanted };
  const [only, ...others] = accounts;
  if (wanted === undefined && only && others.length === 0) return only;
  const list = accounts.map(({ id, name }) => `  ${id}  ${name}`).join("\n");
  const problem =
    wanted === undefined ? "Choose one with --account ID" : `${wanted} is none of them`;
  throw new UsageError(
    `Your login has ${accounts.length} Cloudflare accounts. ${problem}:\n${list}`,
  );
}

interface Known {
  cloudflare: Cloudflare;
  account: Account;
  noted: Settings | undefined;
}

async function chooseSettings(
  { options, env, root, ask }: Setup,
  { cloudflare, account, noted }: Known,
): Promise<Settings> {
  const tracked = readTracked(root);
  const name = options.name ?? noted?.name ?? tracked.name;
  if (noted && (noted.name !== name || noted.accountId !== account.id))
    throw new UsageError(
      `This folder belongs to the deployment ${noted.name} in the account ${noted.accountId}. Use another clone for ` +
        "another deployment, or move the folder deployment/ away.",
    );
  const domain = options.domain ?? noted?.domain ?? (await ask?.domain()) ?? WORKERS_DEV;
  const given = Object.entries({ ...fromEnv(tracked.vars, env), ...noted?.vars, ...options.vars });
  const unknown = given.find(([key]) => !(key in tracked.vars) || key === "PUBLIC_ORIGIN")?.[0];
  if (unknown === "PUBLIC_ORIGIN")
    throw new UsageError("PUBLIC_ORIGIN follows from the address: use --domain.");
  if (unknown !== undefined)
    throw new UsageError(`${unknown} is not a variable. Those in wrangler.toml under [vars] are.`);
  const vars = Object.fromEntries(given.filter(([, value]) => value !== ""));
  const host = domain === WORKERS_DEV ? await freeHost(cloudflare, account, name) : domain;
  return { name, accountId: account.id, domain, origin: `https://${host}`, vars };
}

/** It follows from the address, and systems set LANGUAGE for their user, such as to `en_US:en`. */
const NOT_FROM_ENV: ReadonlySet<string> = new Set(["PUBLIC_ORIGIN", "LANGUAGE"]);

const fromEnv = (vars: Values, env: Env): Values =>
  Object.fromEntries(
    Object.keys(vars).flatMap((key) =>
      env[key] && !NOT_FROM_ENV.has(key) ? [[key, env[key]] as const] : [],
    ),
  );

async function freeHost(cloudflare: Cloudflare, { id }: Account, name: string): Promise<string> {
  const subdomain = await cloudflare.subdomain(id);
  if (subdomain !== undefined) return `${name}.${subdomain}.workers.dev`;
  throw new SetupError(
    "Your account has no workers.dev subdomain yet. Open Workers & Pages in Cloudflare's dashboard once, which creates it, " +
      "and run setup again. Or use a domain of yours: --domain drops.shop.example",
  );
}

/** A Worker that is not Doorbuster must not be overwritten. */
function refuseForeign(name: string, worker: DeployedWorker | undefined): void {
  const isOurs = !worker || worker.bindings.some((one) => one.name === "SKU_INVENTORY");
  if (isOurs) return;
  throw new SetupError(
    `Your account has another Worker named ${name}. Choose a name that is free: --name my-drops`,
  );
}
