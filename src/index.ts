import { DurableObject } from "cloudflare:workers";
export class SkuInventory extends DurableObject<Env> {}
export default {
  fetch: () => new Response("ok"),
  queue() {},
  scheduled() {},
} satisfies ExportedHandler<Env>;
