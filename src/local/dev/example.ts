// `npm run example`: the example shop, whose pages sell from another origin, beside a local instance with temporary data.
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { createShop } from "../../client/examples/express/app.ts";
import { readSettings } from "../../client/examples/server/settings.ts";
import { LOCAL_AUTH_SECRET } from "../settings.ts";
import { stopRequested } from "./stop-requested.ts";
import { READY, startInstance } from "./temporary.ts";

const DEFAULT_SHOP_PORT = "3000";
const newSecret = () => `whsec_${randomBytes(32).toString("base64")}`;

process.exit(await main());

async function main(): Promise<number> {
  const stopped = stopRequested();
  const server = createServer();
  const SHOP_ORIGIN = await listen(server, process.env.SHOP_PORT || DEFAULT_SHOP_PORT);
  if (SHOP_ORIGIN === undefined) return 1;
  const ORDER_WEBHOOK_SECRET = newSecret();
  // The shop's own checkout, instead of payments by Doorbuster.
  const { PAYMENTS }: Record<string, string | undefined> = process.env;
  const isExternal = PAYMENTS === "external";
  const checkout = isExternal ? { MERCHANT_SECRET: newSecret() } : {};
  const instance = await startInstance("example", {
    ALLOWED_ORIGINS: SHOP_ORIGIN,
    ORDER_WEBHOOK_URL: `${SHOP_ORIGIN}/webhooks/doorbuster`,
    ORDER_WEBHOOK_SECRET,
    ORDER_WEBHOOK_EVENTS: "order.reserved,order.payment_changed",
    ...(isExternal && { PAYMENTS: "external", CHECKOUT_URL: `${SHOP_ORIGIN}/`, ...checkout }),
  });
  createInterface({ input: instance.stdout }).on("line", (line) => {
    const DOORBUSTER_URL = READY.exec(line)?.groups?.url;
    if (DOORBUSTER_URL !== undefined) {
      const SESSION_SECRET = randomBytes(32).toString("hex");
      const secrets = { ORDER_WEBHOOK_SECRET, SESSION_SECRET, ...checkout };
      const env = { AUTH_SECRET: LOCAL_AUTH_SECRET, ...secrets };
      server.on("request", createShop(readSettings({ ...env, SHOP_ORIGIN, DOORBUSTER_URL })));
      console.log(`Example shop on ${SHOP_ORIGIN}`);
    }
    console.log(line);
  });
  void stopped.then(() => instance.kill("SIGINT"));
  const [code] = await once(instance, "exit");
  return code ?? 1;
}

/** Listens on loopback. Returns the origin of the shop, or undefined if the port cannot be used. */
async function listen(server: Server, port: string): Promise<string | undefined> {
  try {
    await once(server.listen(Number(port), "127.0.0.1"), "listening");
  } catch (error) {
    console.error(`Port ${port} cannot be used: ${(error as Error).message}`);
    console.error("Choose another one: SHOP_PORT=0 npm run example picks a free port.");
    return undefined;
  }
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
