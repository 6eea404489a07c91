// The instance a rehearsal plays against: one that runs somewhere, or the built Worker started here
// on a temporary state. Sets the stage (sale, SKU, a way to sign buyers in) and clears it again.
import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { Client, expectOk, type Sale, type Sku } from "../client.ts";
import { startStack } from "../stack.ts";
import { temporaryFolder } from "../temporary.ts";
import { tokenSigner } from "../tokens.ts";
import type { LogLine } from "../worker.ts";
import { isLocal, type Options, UsageError } from "./options.ts";

const HOUR_MS = 3_600_000;
/** A sale of our own has one unit for every so many buyers. */
const BUYERS_PER_UNIT = 5;

/** A stage that is set. */
export interface Target {
  client: Client;
  saleId: string;
  sku: Sku;
  /** Part of every user name and key, so that rehearsals of one SKU do not meet. */
  run: string;
  /** Warnings and errors the Worker logged; stays empty for an instance we did not start. */
  log: LogLine[];
  /** A token made here, where the instance's secret is known; otherwise the buyer logs in. */
  sign?: (user: string) => Promise<string>;
  /** The address buyer `index` claims to come from; only a local instance would believe it. */
  ip(index: number): string | undefined;
  close(): Promise<void>;
}

interface Instance {
  url: string;
  log: LogLine[];
  stop(): Promise<void>;
}

/** Finds or starts the instance and its sale. Whatever it made, `close` removes. */
export async function openTarget(options: Options): Promise<Target> {
  const { url, log, stop } = options.url === undefined ? await startOwn() : running(options.url);
  const run = randomBytes(4).toString("hex");
  const client = new Client(url, options.adminToken);
  try {
    const sale =
      options.sku === undefined ? await stageSale(client, run, options.buyers) : undefined;
    const found = sale ?? (await findSale(client, options.sku ?? ""));
    const close = async () => {
      if (sale !== undefined) {
        await client.admin("DELETE", `/sales/${sale.id}`);
      }
      await stop();
    };
    const ip = (index: number) => (isLocal(url) ? address(index) : undefined);
    const { authSecret } = options;
    const signing = authSecret !== undefined && { sign: tokenSigner(authSecret) };
    return {
      client,
      saleId: found.id,
      sku: only(found, options.sku),
      run,
      log,
      ip,
      close,
      ...signing,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function running(url: string): Instance {
  return { url, log: [], stop: async () => {} };
}

async function startOwn(): Promise<Instance> {
  const log: LogLine[] = [];
  const onLog = (line: LogLine) => {
    if (line.level === "warn" || line.level === "error") {
      log.push(line);
    }
  };
  const { url, stop } = await startStack({ stateDir: temporaryFolder("rehearse"), onLog });
  return { url, log, stop };
}

async function stageSale(client: Client, run: string, buyers: number): Promise<Sale> {
  const now = Date.now();
  const id = `rehearsal-${run}`;
  const sku: Sku = {
    id,
    name: "Rehearsal coupon",
    unitPrice: { amount: 0, currency: "USD" },
    stock: Math.ceil(buyers / BUYERS_PER_UNIT),
    perUserLimit: 1,
    holdSeconds: 300,
  };
  const sale: Sale = {
    id,
    title: "Rehearsal",
    description: "Made by npm run rehearse, which deletes it again.",
    opensAt: new Date(now - HOUR_MS).toISOString(),
    closesAt: new Date(now + HOUR_MS).toISOString(),
    admission: { mode: "open" },
    skus: [sku],
  };
  expectOk(await client.putSale(sale));
  await untilVisible(client, id);
  return sale;
}

/** An edge may serve its snapshot of the catalog for some seconds yet. */
async function untilVisible(client: Client, saleId: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const answer = await client.send("GET", `/api/sales/${saleId}`);
    if (answer.status === 200) {
      return;
    }
    if (Date.now() > deadline) {
      throw new Error(`The sale ${saleId} was accepted but cannot be seen after 30 seconds.`);
    }
    await pause(200);
  }
}

async function findSale(client: Client, skuId: string): Promise<Sale> {
  const { sales } = expectOk(await client.sales());
  const sale = sales.find(({ skus }) => skus.some(({ id }) => id === skuId));
  if (sale === undefined) {
    throw new UsageError(`The instance has no SKU "${skuId}".`);
  }
  return sale;
}

function only(sale: Sale, skuId: string | undefined): Sku {
  const sku = sale.skus.find(({ id }) => skuId === undefined || id === skuId);
  if (sku === undefined || sku.unitPrice.amount > 0) {
    throw new UsageError("Only a free SKU can be rehearsed: a paid one would charge somebody.");
  }
  return sku;
}

/** One address a buyer, out of the range set aside for benchmarks (RFC 2544). */
function address(index: number): string {
  return `198.${18 + ((index >> 16) & 1)}.${(index >> 8) & 255}.${index & 255}`;
}
