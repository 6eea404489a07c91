// The steps of setup, in order. Each looks whether there is something to do, and can be repeated.
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Context } from "./context.ts";
import {
  deploymentConfig,
  FOLDER,
  queuesOf,
  readTracked,
  writeSecrets,
  writeSettings,
} from "./deployment-files.ts";
import { SetupError } from "./error.ts";
import { fingerprint } from "./fingerprint.ts";
import { putUp, salesOf, sampleSale } from "./first-sale.ts";
import { WORKERS_DEV } from "./options.ts";
import { readyState, untilReady } from "./ready.ts";
import { checkRedis } from "./redis-check.ts";
import { missingSecrets } from "./secrets.ts";
import { deploy } from "./wrangler.ts";

/** What a step found: nothing to do, or what it would do. */
export type Finding = { done: string } | { todo: string; act(): Promise<void> };

export interface Step {
  title: string;
  /** Changes nothing. */
  look(context: Context): Promise<Finding>;
}

const address: Step = {
  title: "Address",
  async look({ cloudflare, account, settings: { domain, origin, name } }) {
    if (domain === WORKERS_DEV) return { done: origin };
    const labels = domain.split(".");
    const zones = labels.slice(0, -1).map((_, at) => labels.slice(at).join("."));
    const found = await Promise.all(zones.map((zone) => cloudflare.hasZone(account.id, zone)));
    if (!found.includes(true))
      throw new SetupError(
        `${domain} is in no active zone of the account ${account.name}. Add the domain at dash.cloudflare.com (Add a domain), wait ` +
          "until it is active, and run setup again. Or start at a free address: --workers-dev",
      );
    const other = await cloudflare.workerAt(account.id, domain);
    if (other !== undefined && other !== name)
      throw new SetupError(
        `${domain} already leads to your Worker ${other}. Choose another --domain.`,
      );
    return { done: origin };
  },
};

const redis: Step = {
  title: "Redis",
  async look({ secrets, options }) {
    const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = secrets;
    if (!url || !token) return { done: "its credentials are set at Cloudflare" };
    await checkRedis({ url, token }, options.dryRun);
    return { done: options.dryRun ? "answers" : "stores and returns a value" };
  },
};

const queues: Step = {
  title: "Queues",
  async look({ cloudflare, account, settings, root }) {
    const names = queuesOf(readTracked(root), settings);
    const found = await Promise.all(names.map((name) => cloudflare.queue(account.id, name)));
    for (const queue of found) {
      const [consumer] = queue?.consumers ?? [];
      const script = consumer?.script ?? consumer?.script_name ?? consumer?.service;
      if (script !== undefined && script !== settings.name)
        throw new SetupError(
          `The queue ${queue?.queue_name} is used by your Worker ${script}. Choose another --name.`,
        );
    }
    const missing = names.filter((_, at) => found[at] === undefined);
    if (missing.length === 0) return { done: `${names.length} exist` };
    const act = async () => {
      for (const name of missing) await cloudflare.createQueue(account.id, name);
    };
    return { todo: `create ${missing.join(", ")}`, act };
  },
};

const files: Step = {
  title: "Settings",
  async look({ root, settings, secrets, noted }) {
    const isSame = isDeepStrictEqual([settings, secrets], [noted.settings, noted.secrets]);
    if (isSame) return { done: `in ${FOLDER}/, which git ignores` };
    const act = async () => {
      await writeSecrets(root, secrets);
      await writeSettings(root, settings);
    };
    return { todo: `write settings and secrets into ${FOLDER}/, which git ignores`, act };
  },
};

const worker: Step = {
  title: "Worker",
  async look(context) {
    const { root, settings, secrets, env } = context;
    const config = deploymentConfig(readTracked(root), settings, root);
    const tag = await fingerprint(root, config);
    const missing = missingSecrets(secrets, context.worker?.secrets ?? []);
    const reasons = await whyDeploy(context, tag, Object.keys(missing));
    if (reasons.length === 0) return { done: `${settings.name} is up to date` };
    const act = async () => {
      await writeSettings(root, settings);
      await deploy(
        { config: join(root, FOLDER, "wrangler.json"), tag, secrets: missing },
        env,
        root,
      );
    };
    return { todo: `deploy ${settings.name} (${reasons.join("; ")})`, act };
  },
};

/** Reasons to deploy. A deployment that was interrupted has a version, but not all of its triggers. */
async function whyDeploy(context: Context, tag: string, missing: string[]): Promise<string[]> {
  const { cloudflare, account, settings, root, worker: found } = context;
  if (!found) return ["new", `secrets ${missing.join(", ")}`];
  const tracked = readTracked(root);
  const names = queuesOf(tracked, settings);
  const attached = await Promise.all(names.map((name) => cloudflare.queue(account.id, name)));
  const isServed =
    settings.domain === WORKERS_DEV
      ? found.onWorkersDev
      : (await cloudflare.workerAt(account.id, settings.domain)) === settings.name;
  const isOn = attached.every((queue) => (queue?.consumers ?? []).length > 0);
  return [
    ...(found.tag === tag ? [] : ["code or settings changed"]),
    ...(missing.length === 0 ? [] : [`secrets ${missing.join(", ")}`]),
    ...(isServed ? [] : [`not served at ${settings.origin}`]),
    ...(isOn ? [] : ["a queue has no consumer"]),
    ...(isDeepStrictEqual(found.crons, tracked.triggers.crons) ? [] : ["no schedule"]),
  ];
}

const ready: Step = {
  title: "Ready",
  async look(context) {
    const { settings, readyLimitMs, options } = context;
    if ((await readyState(settings.origin)) === "ready") return { done: "answers" };
    if (options.dryRun)
      return { todo: `wait until ${settings.origin}/readyz is ready`, act: async () => {} };
    return { todo: "wait until it answers", act: () => untilReady(settings.origin, readyLimitMs) };
  },
};

const firstSale: Step = {
  title: "First sale",
  async look({ options, ask, secrets, settings: { origin }, sale: own, worker: before }) {
    if (!options.withSale) return { done: "left out" };
    const { saleTitle: title, saleOpensAt: opensAt } = options;
    const sale = own ?? sampleSale(Date.now(), { title, opensAt });
    const todo = `put up "${sale.title}", which opens at ${sale.opensAt}`;
    const token = secrets.ADMIN_TOKEN;
    if (!token) return { done: "unknown: ADMIN_TOKEN is set at Cloudflare, but not here" };
    if (options.dryRun && !before) return { todo, act: async () => {} };
    const existing = await salesOf(origin, token);
    if (!existing) return { done: "unknown: ADMIN_TOKEN at Cloudflare is another one than here" };
    const exists = own ? existing.includes(sale.id) : existing.length > 0;
    if (exists) return { done: "there is one" };
    const isChosen = (own ?? title ?? opensAt) !== undefined;
    if (isChosen || !ask) return { todo, act: () => putUp(origin, token, sale) };
    const act = async () => putUp(origin, token, sampleSale(Date.now(), await ask.firstSale()));
    return { todo: "put up a sample", act };
  },
};

/** The order: nothing is changed before the address and Redis are known to work, and secrets are noted before they are used. */
export const STEPS: readonly Step[] = [address, redis, queues, files, worker, ready, firstSale];
