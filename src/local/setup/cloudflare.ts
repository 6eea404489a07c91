// The calls of Cloudflare's API that setup makes itself, with wrangler's login. Everything that a deployment changes is
// wrangler's work; these calls find out what exists, and create queues.
import { SetupError } from "./error.ts";

const API = "https://api.cloudflare.com/client/v4";
const LIMIT_MS = 30_000;
/** A Worker, zone or subdomain that does not exist. */
const NOT_FOUND = 404;

interface Envelope {
  success: boolean;
  result: unknown;
  errors?: { code: number; message: string }[];
}

export interface Account {
  id: string;
  name: string;
}

export interface Queue {
  queue_name: string;
  consumers?: { script?: string; script_name?: string; service?: string }[];
}

/** What is known of a Worker. */
export interface DeployedWorker {
  bindings: { name: string; type: string }[];
  secrets: string[];
  /** The tag of the version that gets all traffic; undefined for another kind of deployment. */
  tag: string | undefined;
  crons: string[];
  onWorkersDev: boolean;
}

/** Calls Cloudflare's API for one login. Every method throws a SetupError with Cloudflare's own words. */
export class Cloudflare {
  readonly #base: string;
  readonly #headers: Record<string, string>;

  constructor(headers: Record<string, string>, base: string = API) {
    this.#headers = headers;
    this.#base = base;
  }

  async accounts(): Promise<Account[]> {
    return (await this.#call<Account[]>("GET", "/accounts?per_page=50")) ?? [];
  }

  /** Whether the login can see an active zone of the account. A pending one serves nothing yet. */
  async hasZone(accountId: string, name: string): Promise<boolean> {
    const path = `/zones?name=${name}&status=active&account.id=${accountId}`;
    return ((await this.#call<unknown[]>("GET", path)) ?? []).length > 0;
  }

  /** The account's subdomain of workers.dev, if there is one. */
  async subdomain(accountId: string): Promise<string | undefined> {
    const path = `/accounts/${accountId}/workers/subdomain`;
    return (await this.#call<{ subdomain: string }>("GET", path))?.subdomain;
  }

  /** The Worker that a custom domain leads to. */
  async workerAt(accountId: string, hostname: string): Promise<string | undefined> {
    const path = `/accounts/${accountId}/workers/domains?hostname=${hostname}`;
    const domains = await this.#call<{ hostname: string; service: string }[]>("GET", path);
    return domains?.find((one) => one.hostname === hostname)?.service;
  }

  /** The queue of this name. */
  async queue(accountId: string, name: string): Promise<Queue | undefined> {
    const path = `/accounts/${accountId}/queues?name=${name}`;
    const found = await this.#call<Queue[]>("GET", path);
    return found?.find(({ queue_name }) => queue_name === name);
  }

  async createQueue(accountId: string, name: string): Promise<void> {
    await this.#call("POST", `/accounts/${accountId}/queues`, { queue_name: name });
  }

  /** The Worker of this name, or undefined. */
  async worker(accountId: string, name: string): Promise<DeployedWorker | undefined> {
    const path = `/accounts/${accountId}/workers/scripts/${name}`;
    const settings = await this.#call<Pick<DeployedWorker, "bindings">>("GET", `${path}/settings`);
    if (!settings) return undefined;
    const [secrets, schedules, subdomain, tag] = await Promise.all([
      this.#call<{ name: string }[]>("GET", `${path}/secrets`),
      this.#call<{ schedules: { cron: string }[] }>("GET", `${path}/schedules`),
      this.#call<{ enabled: boolean }>("GET", `${path}/subdomain`),
      this.#tag(path),
    ]);
    return {
      bindings: settings.bindings,
      secrets: (secrets ?? []).map((one) => one.name),
      crons: (schedules?.schedules ?? []).map(({ cron }) => cron),
      onWorkersDev: subdomain?.enabled ?? false,
      tag,
    };
  }

  async #tag(path: string): Promise<string | undefined> {
    type Deployments = { deployments: { versions: { version_id: string }[] }[] };
    const found = await this.#call<Deployments>("GET", `${path}/deployments`);
    const [only, ...others] = found?.deployments[0]?.versions ?? [];
    if (!only || others.length > 0) return undefined;
    type Version = { annotations?: Record<string, string> };
    const version = await this.#call<Version>("GET", `${path}/versions/${only.version_id}`);
    return version?.annotations?.["workers/tag"];
  }

  /** Returns undefined for what does not exist. */
  async #call<Result>(method: string, path: string, body?: unknown): Promise<Result | undefined> {
    const response = await this.#send(method, path, body);
    const answer = (await response.json().catch(() => undefined)) as Envelope | undefined;
    if (response.ok && answer?.success) return answer.result as Result;
    if (response.status === NOT_FOUND && method === "GET") return undefined;
    const reasons = answer?.errors?.map(({ message, code }) => `${message} [${code}]`).join("; ");
    throw new SetupError(
      `Cloudflare refused ${method} ${path.split("?")[0]} (${response.status}): ${reasons ?? "no reason"}${adviceFor(response.status)}`,
    );
  }

  async #send(method: string, path: string, body: unknown): Promise<Response> {
    try {
      return await fetch(this.#base + path, {
        method,
        headers: { ...this.#headers, "Content-Type": "application/json" },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(LIMIT_MS),
      });
    } catch (error) {
      const { cause, message } = error as Error;
      const reason = cause instanceof Error ? cause.message : message;
      throw new SetupError(`Cloudflare's API cannot be reached: ${reason}. Run setup again later.`);
    }
  }
}

const adviceFor = (status: number): string =>
  status === 401 || status === 403
    ? "\nSign in again (npx wrangler login), or give the token the permissions that README lists under Deploy."
    : "";
