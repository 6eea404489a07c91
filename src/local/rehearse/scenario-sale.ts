// Creates the sale of a scenario and deletes it afterwards, or finds the SKU named with --sku.
import { setTimeout as pause } from "node:timers/promises";
import { type Client, expectOk, type PublicSale, type SaleList } from "../client.ts";
import { UsageError } from "../command-line.ts";
import { signerFor } from "./grants.ts";
import type { Instance } from "./instance.ts";
import type { Recorder } from "./recorder.ts";
import type { SalePlan, ScenarioContext } from "./scenario.ts";

/** Edges may serve an older catalog snapshot for some seconds. */
const VISIBLE_WITHIN_MS = 30_000;

/** Creates a sale for the scenario `name` and waits until it is visible. */
export async function createSale(
  instance: Instance,
  recorder: Recorder,
  name: string,
  plan: SalePlan,
): Promise<ScenarioContext> {
  const { client } = instance;
  const run = `${instance.run}-${name}`;
  const id = `rehearsal-${run}`;
  const put = (terms: SalePlan) =>
    client.putSale({
      admission: { mode: "open" },
      ...terms,
      ...(instance.isDeployed && { rehearsal: true, listed: false }),
      id,
      title: `Rehearsal: ${name}`,
      description: "Created by npm run rehearse, which deletes it when it ends.",
      skus: terms.skus.map((sku) => ({ ...sku, id: `${id}-${sku.name}` })),
    });
  let answer = await put(plan);
  const { protection, ...unprotected } = plan;
  // A deployment without Turnstile refuses a sale that challenges.
  if (answer.status === 400 && protection) answer = await put(unprotected);
  expectOk(answer);
  const sale = await untilVisible(client, id);
  if (!sale) throw new Error(`The sale ${id} was created, but is still not visible.`);
  return withSigner(contextFor({ ...instance, run }, recorder, sale));
}

/** Joins the rehearsal that another machine created. @throws {UsageError} if there is none */
export async function joinSale(
  instance: Instance,
  recorder: Recorder,
  saleId: string,
): Promise<ScenarioContext> {
  const sale = await untilVisible(instance.client, saleId);
  if (!sale) throw new UsageError(`--sale: the instance has no rehearsal "${saleId}".`);
  return withSigner(contextFor(instance, recorder, sale));
}

const withSigner = async (context: ScenarioContext): Promise<ScenarioContext> =>
  context.isDeployed
    ? { ...context, signer: await signerFor(context.client, context.saleId) }
    : context;

/** Deletes a sale that `createSale` created. */
export async function deleteSale({ client, saleId }: ScenarioContext): Promise<void> {
  await client.admin("DELETE", `/sales/${saleId}`);
}

/** Finds the existing sale of `skuId`. Throws a UsageError if there is none, or if buying would cost money. */
export async function useExistingSku(
  instance: Instance,
  recorder: Recorder,
  skuId: string,
): Promise<ScenarioContext> {
  if (instance.isDeployed) {
    throw new UsageError(
      "--sku needs an instance with demo login: signed buyers have no other sale than a rehearsal's own.",
    );
  }
  const sale = await findSale(instance.client, skuId);
  if (sale === undefined) {
    throw new UsageError(`The instance has no SKU "${skuId}".`);
  }
  const skus = sale.skus.filter(({ id }) => id === skuId);
  if (!instance.payments && skus.some(({ unitPrice }) => unitPrice.amount > 0)) {
    throw new UsageError(
      'Without --provider stripe and with PAYMENTS other than "sandbox", only free SKUs can be rehearsed, so that no card is charged.',
    );
  }
  return { ...contextFor(instance, recorder, sale), skus };
}

/** Searches all pages of published sales. */
async function findSale(client: Client, skuId: string): Promise<PublicSale | undefined> {
  let cursor: string | undefined;
  do {
    const page: SaleList = expectOk(await client.sales(cursor));
    const sale = page.sales.find(({ skus }) => skus.some(({ id }) => id === skuId));
    if (sale !== undefined) {
      return sale;
    }
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return undefined;
}

function contextFor(instance: Instance, recorder: Recorder, sale: PublicSale): ScenarioContext {
  const history = [{ sentAt: -Infinity, answeredAt: -Infinity, sale }];
  const { id: saleId, skus } = sale;
  const observed = { history, denials: [], refunds: [], live: [], ledgers: [] };
  return { ...instance, recorder, saleId, skus, ...observed };
}

/** Undefined if it is not visible in time. */
async function untilVisible(client: Client, saleId: string): Promise<PublicSale | undefined> {
  const deadline = Date.now() + VISIBLE_WITHIN_MS;
  for (;;) {
    const answer = await client.send<PublicSale>("GET", `/api/sales/${saleId}`);
    if (answer.status === 200) {
      return answer.body;
    }
    if (Date.now() > deadline) return undefined;
    await pause(200);
  }
}
