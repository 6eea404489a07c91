// The instance a rehearsal plays against: one that runs somewhere, or the built Worker started here
// on a temporary state. Sets the stage (sale, SKU, a way to sign buyers in) and clears it again.
import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { Client, expectOk, type Sale, type ShownSale, type Sku } from "../client.ts";
import { startStack } from "../stack.ts";
import { temporaryFolder } from "../temporary.ts";
import { tokenSigner } from "../tokens.ts";
import type { LogLine } from "../worker.ts";
import { isLocal, type Options, UsageError } from "./options.ts";

const HOUR_MS = 3_600_000;
/** A sale of our own has one unit for every so many buyers. */
const BUYERS_PER_UNIT = 5;
/** Short, so that some holds lapse; shorter than a charge that is answered late, so that some do too late. */
const HOLD_SECONDS = 5;
/** Nobody in a rehearsal can solve a challenge, so nobody is ever asked whether one was solved. */
const CHALLENGES = {
  TURNSTILE_SITE_KEY: "rehearsal",
  TURNSTILE_SECRET: "rehearsal",
  TURNSTILE_VERIFY_URL: "http://127.0.0.1:9/",
};

/** A stage that is set. */
export interface Target {
  client: Client;
  saleId: string;
  skus: Sku[];
  /** Payments go to the sandbox, whose books can be read. */
  sandbox: boolean;
  /** What of a rehearsal is not possible here. */
  notes: string[];
  /** Part of every user name and key, so that rehearsals of one SKU do not meet. */
  run: string;
  /** Warnings and errors the Worker logged; undefined for an instance whose log cannot be seen. */
  log: LogLine[] | undefined;
  /** A token made here, where the instance's secret is known; otherwise the buyer logs in. */
  sign?: (user: string) => Promise<string>;
  /** The address buyer `index` claims to come from; only a local instance would believe it. */
  ip(index: number): string | undefined;
  close(): Promise<void>;
}

interface Instance {
  url: string;
  log: LogLine[] | undefined;
  stop(): Promise<void>;
}

/** Finds or starts the instance and its sale. Whatever it made, `close` removes. */
export async function openTarget(options: Options): Promise<Target> {
  const { url, log, stop } = options.url === undefined ? await startOwn() : running(options.url);
  const run = randomBytes(4).toString("hex");
  const client = new Client(url, options.adminToken);
  try {
    const sandbox = (await client.admin("GET", "/sandbox/payments?after=~")).status === 200;
    const guarded = options.url === undefined && options.bots > 0;
    const { buyers, sku } = options;
    const sale =
      sku === undefined ? await stageSale(client, { run, buyers, sandbox, guarded }) : undefined;
    const found = sale ?? (await findSale(client, sku ?? ""));
    const close = async () => {
      if (sale !== undefined) {
        await client.admin("DELETE", `/sales/${sale.id}`);
      }
      await stop();
    };
    const ip = (index: number) => (isLocal(url) ? address(index) : undefined);
    const { authSecret } = options;
    const signing = authSecret !== undefined && { sign: tokenSigner(authSecret) };
    const skus = chosen(found, sku, sandbox);
    const notes = [
      ...(sandbox ? [] : ["No sandbox here: only what is free is rehearsed, and no money."]),
      ...(options.bots > 0 && !guarded
        ? ["The sale does not challenge bots: its own setting."]
        : []),
    ];
    return { client, saleId: found.id, skus, sandbox, notes, run, log, ip, close, ...signing };
  } catch (error) {
    await stop();
    throw error;
  }
}

function running(url: string): Instance {
  return { url, log: undefined, stop: async () => {} };
}

async function startOwn(): Promise<Instance> {
  const log: LogLine[] = [];
  const onLog = (line: LogLine) => {
    if (line.level === "warn" || line.level === "error") {
      log.push(line);
    }
  };
  const stateDir = temporaryFolder("rehearse");
  const { url, stop } = await startStack({ stateDir, vars: CHALLENGES, onLog });
  return { url, log, stop };
}

/** What the sale is staged for. `guarded`: risky attempts are challenged. */
interface Stage {
  run: string;
  buyers: number;
  sandbox: boolean;
  guarded: boolean;
}

async function stageSale(
  client: Client,
  { run, buyers, sandbox, guarded }: Stage,
): Promise<ShownSale> {
  const now = Date.now();
  const prices = sandbox ? [0, 1_200] : [0];
  const sale: Sale = {
    id: `rehearsal-${run}`,
    title: "Rehearsal",
    description: "Made by npm run rehearse, which deletes it again.",
    opensAt: new Date(now - HOUR_MS).toISOString(),
    closesAt: new Date(now + HOUR_MS).toISOString(),
    admission: { mode: "open" },
    ...(guarded && { protection: { challenge: { mode: "by-score" } } }),
    skus: prices.map((amount) => ({
      id: `rehearsal-${run}-${amount === 0 ? "free" : "paid"}`,
      name: amount === 0 ? "Rehearsal coupon" : "Rehearsal ticket",
      unitPrice: { amount, currency: "USD" },
      stock: Math.ceil(buyers / prices.length / BUYERS_PER_UNIT),
      perUserLimit: 1,
      holdSeconds: HOLD_SECONDS,
    })),
  };
  expectOk(await client.putSale(sale));
  return untilVisible(client, sale.id);
}

/** An edge may serve its snapshot of the catalog for some seconds yet. */
async function untilVisible(client: Client, saleId: string): Promise<ShownSale> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const answer = await client.send<ShownSale>("GET", `/api/sales/${saleId}`);
    if (answer.status === 200) {
      return answer.body;
    }
    if (Date.now() > deadline) {
      throw new Error(`The sale ${saleId} was accepted but cannot be seen after 30 seconds.`);
    }
    await pause(200);
  }
}

async function findSale(client: Client, skuId: string): Promise<ShownSale> {
  const { sales } = expectOk(await client.sales());
  const sale = sales.find(({ skus }) => skus.some(({ id }) => id === skuId));
  if (sale === undefined) {
    throw new UsageError(`The instance has no SKU "${skuId}".`);
  }
  return sale;
}

function chosen(sale: ShownSale, skuId: string | undefined, sandbox: boolean): Sku[] {
  const skus = sale.skus.filter(({ id }) => skuId === undefined || id === skuId);
  if (!sandbox && skus.some(({ unitPrice }) => unitPrice.amount > 0)) {
    throw new UsageError(
      "Only a free SKU can be rehearsed here: a paid one would charge somebody.",
    );
  }
  return skus;
}

/** One address a buyer, out of the range set aside for benchmarks (RFC 2544). */
function address(index: number): string {
  return `198.${18 + ((index >> 16) & 1)}.${(index >> 8) & 255}.${index & 255}`;
}
