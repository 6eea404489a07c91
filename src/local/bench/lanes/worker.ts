// The process of one lane: Doorbuster's inventory object, and buyers in the same process, so that the load takes no core of its own.
// Objects of other lanes are in other processes. HTTP stands in for Cloudflare's own calls between objects there.
import { Hono } from "hono";
import type { ReserveCommand } from "../../../inventory/decide-reserve.ts";
import { laneOf } from "../../../inventory/lanes/lane-of.ts";
import {
  newOrderId,
  type OrderAddress,
  type OrderRef,
  objectName,
} from "../../../inventory/order-id.ts";
import { SkuInventory as Inventory } from "../../../inventory/sku-inventory.ts";
import type { Load, LoadResult } from "./load.ts";

interface Bindings extends Env {
  /** The lane whose objects this process has. */
  LANE: string;
}

/** Orders of one call of the consumer. */
const BATCH = 100;

/** The origins of all processes, by lane. A process that starts knows none. */
let origins: string[] = [];
/** Calls of this process to objects in other ones. */
let calls = 0;

/** The namespace of the objects, whichever process they are in. */
function acrossProcesses({ SKU_INVENTORY, LANE }: Bindings): Env["SKU_INVENTORY"] {
  const getByName = (name: string) => {
    const lane = Number(name.split(".")[1] ?? 0);
    return lane === Number(LANE) ? SKU_INVENTORY.getByName(name) : remoteObject(lane, name);
  };
  return { getByName } as Env["SKU_INVENTORY"];
}

/** An object in the process of another lane. A call throws if that process does not answer, as one to a dead object does. */
const remoteObject = (lane: number, name: string) =>
  new Proxy(
    {},
    {
      get:
        (_, method) =>
        async (...args: unknown[]) => {
          calls += 1;
          const url = new URL(`/objects/${name}/${String(method)}`, origins[lane]);
          const response = await fetch(url, { method: "POST", body: JSON.stringify(args) });
          if (!response.ok) throw new Error(await response.text());
          return response.json();
        },
    },
  );

export class SkuInventory extends Inventory {
  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, { ...env, SKU_INVENTORY: acrossProcesses(env) });
  }

  /** Does to the ledger what the consumer does once orders are in the read model. */
  settle(refs: OrderRef[]): void {
    const { claims } = this.claim(refs);
    this.acknowledge(
      claims.map(({ userId, orderId, order }) => ({ userId, orderId, version: order.version })),
    );
  }
}

/** A new buyer's order of one unit. The buyer belongs to the lane. */
function newCommand(address: OrderAddress, lanes: number): ReserveCommand {
  let userId = crypto.randomUUID();
  while (laneOf(userId, lanes) !== address.lane) userId = crypto.randomUUID();
  return {
    ...{ userId, orderId: newOrderId(address), quantity: 1 },
    ...{ idempotencyKey: crypto.randomUUID(), fingerprint: "bench", askedAt: Date.now() },
  };
}

/** Buyers come to this lane, each as soon as the one before has an answer. They end at the sell-out. */
async function sell(
  { SKU_INVENTORY }: Env,
  address: OrderAddress,
  { lanes, callers, ms }: Load,
): Promise<Omit<LoadResult, "ms">> {
  const object = SKU_INVENTORY.getByName(objectName(address));
  const deadline = Date.now() + ms;
  const accepted: OrderRef[] = [];
  let failed = 0;
  let pause: Promise<void> | undefined;
  // A thread that is never idle does not read its sockets: calls of the other lanes would wait for the end of the load. All buyers
  // share a pause of a millisecond.
  const breath = () => {
    pause ??= scheduler.wait(0).finally(() => {
      pause = undefined;
    });
    return pause;
  };
  const comeOneAfterTheOther = async () => {
    while (Date.now() < deadline) {
      const command = newCommand(address, lanes);
      await breath();
      try {
        const result = await object.reserve(command);
        if (!result.ok && result.reason !== "sold_out") throw new Error(result.reason);
        if (!result.ok) return;
        accepted.push(command);
      } catch {
        failed += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: callers }, comeOneAfterTheOther));
  return { accepted: accepted.map(({ userId, orderId }) => ({ userId, orderId })), failed };
}

const app = new Hono<{ Bindings: Bindings }>();

app.put("/origins", async (c) => {
  origins = await c.req.json();
  return c.body(null, 204);
});

app.get("/calls", (c) => c.json(calls));

app.post("/objects/:name/:method", async (c) => {
  const object = c.env.SKU_INVENTORY.getByName(c.req.param("name")) as unknown as Record<
    string,
    (...args: unknown[]) => Promise<unknown>
  >;
  const args = await c.req.json<unknown[]>();
  const answer = await object[c.req.param("method")]?.(...args);
  return c.json(answer ?? null);
});

app.post("/load", async (c) => {
  const load = await c.req.json<Load>();
  const lane = Number(c.env.LANE);
  const start = Date.now();
  const accepted: OrderRef[] = [];
  let failed = 0;
  for (const skuId of load.skuIds) {
    const sold = await sell(c.env, { skuId, lane }, load);
    accepted.push(...sold.accepted);
    failed += sold.failed;
  }
  return c.json({ accepted, failed, ms: Date.now() - start } satisfies LoadResult);
});

app.post("/settle/:name", async (c) => {
  const refs = await c.req.json<OrderRef[]>();
  const object = c.env.SKU_INVENTORY.getByName(c.req.param("name"));
  for (let start = 0; start < refs.length; start += BATCH) {
    await (object as unknown as SkuInventory).settle(refs.slice(start, start + BATCH));
  }
  return c.body(null, 204);
});

export default app;
