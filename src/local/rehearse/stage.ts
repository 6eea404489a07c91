// Sets the stage of a scene: puts up its sale and waits until it shows, or finds the SKU that was named.
import { setTimeout as pause } from "node:timers/promises";
import { type Client, expectOk, type PublicSale } from "../client.ts";
import type { Instance } from "./instance.ts";
import { UsageError } from "./options.ts";
import type { Record } from "./record.ts";
import type { Plan, Stage } from "./scene.ts";

/** An edge may serve its snapshot of the catalog for some seconds. */
const VISIBLE_MS = 30_000;

/** A sale of the scene's own. `release` deletes it. */
export async function putUp(
  instance: Instance,
  record: Record,
  name: string,
  plan: Plan,
): Promise<Stage> {
  const { client } = instance;
  const run = `${instance.run}-${name}`;
  const id = `rehearsal-${run}`;
  const answer = await client.putSale({
    ...plan,
    id,
    title: `Rehearsal: ${name}`,
    description: "Made by npm run rehearse, which deletes it again.",
    admission: { mode: "open" },
    skus: plan.skus.map((sku) => ({ ...sku, id: `${id}-${sku.name}` })),
  });
  expectOk(answer);
  return stageOf({ ...instance, run }, record, await untilVisible(client, id));
}

/** Deletes the sale of a stage that was put up. */
export async function takeDown({ client, saleId }: Stage): Promise<void> {
  await client.admin("DELETE", `/sales/${saleId}`);
}

/** The SKU that was named, in a sale of somebody else's. */
export async function findStage(instance: Instance, record: Record, skuId: string): Promise<Stage> {
  const { sales } = expectOk(await instance.client.sales());
  const sale = sales.find(({ skus }) => skus.some(({ id }) => id === skuId));
  if (sale === undefined) {
    throw new UsageError(`The instance has no SKU "${skuId}".`);
  }
  const skus = sale.skus.filter(({ id }) => id === skuId);
  if (!instance.sandbox && skus.some(({ unitPrice }) => unitPrice.amount > 0)) {
    throw new UsageError(
      "Only a free SKU can be rehearsed here: a paid one would charge somebody.",
    );
  }
  return { ...stageOf(instance, record, sale), skus };
}

function stageOf(instance: Instance, record: Record, sale: PublicSale): Stage {
  const history = [{ sentAt: -Infinity, answeredAt: -Infinity, sale }];
  const { id: saleId, skus } = sale;
  return { ...instance, record, saleId, skus, history, denials: [], live: [], ledgers: [] };
}

async function untilVisible(client: Client, saleId: string): Promise<PublicSale> {
  const deadline = Date.now() + VISIBLE_MS;
  for (;;) {
    const answer = await client.send<PublicSale>("GET", `/api/sales/${saleId}`);
    if (answer.status === 200) {
      return answer.body;
    }
    if (Date.now() > deadline) {
      throw new Error(`The sale ${saleId} was accepted but cannot be seen after 30 seconds.`);
    }
    await pause(200);
  }
}
