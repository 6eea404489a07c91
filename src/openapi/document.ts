// Makes the OpenAPI document from the operations and their schemas.
import { EVENT_TYPES, type EventType } from "../config/webhook-events.ts";
import { Builder } from "./builder.ts";
import { addNotes } from "./field-notes.ts";
import { INTRODUCTION } from "./introduction.ts";
import { type Operations, TAGS } from "./operation.ts";
import { catalogOperations, lineOperations } from "./operations/catalog.ts";
import { orderOperations } from "./operations/orders.ts";
import { saleOperations } from "./operations/sales.ts";
import { healthOperations, shopOperations } from "./operations/shop.ts";
import { stockOperations } from "./operations/stock.ts";
import { ruleOperations, systemOperations } from "./operations/system.ts";
import { webhookOperations } from "./operations/webhooks.ts";
import { HEADERS, PARAMETERS, type ParameterName, wireName } from "./parameters.ts";
import type { JsonSchema } from "./schemas.ts";
import { SECURITY } from "./security.ts";

export const OPERATIONS: Operations = {
  ...catalogOperations,
  ...lineOperations,
  ...orderOperations,
  ...shopOperations,
  ...healthOperations,
  ...saleOperations,
  ...stockOperations,
  ...ruleOperations,
  ...systemOperations,
  ...webhookOperations,
};

/** The document as it is published. */
export function openApiDocument(): JsonSchema {
  const builder = new Builder();
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const [key, operation] of Object.entries(OPERATIONS)) {
    const [method = "", path = ""] = key.split(" ");
    paths[path] = { ...paths[path], [method.toLowerCase()]: builder.operation(key, operation) };
  }
  const webhooks = Object.fromEntries(
    (Object.keys(EVENT_TYPES) as EventType[]).map((type) => [type, builder.webhook(type)]),
  );
  addNotes(builder.schemas.components);
  return {
    openapi: "3.1.1",
    info: INTRODUCTION,
    servers: [{ url: "/", description: "This deployment." }],
    tags: [
      ...Object.entries(TAGS).map(([name, description]) => ({ name, description })),
      { name: "Events", description: "What the webhook of the shop receives." },
    ],
    paths,
    webhooks,
    components: {
      schemas: builder.schemas.components,
      responses: builder.responses,
      parameters: parameters(),
      headers: HEADERS,
      securitySchemes: SECURITY,
    },
  };
}

const parameters = () =>
  Object.fromEntries(
    (Object.keys(PARAMETERS) as ParameterName[]).map((name) => [
      name,
      { name: wireName(name), ...PARAMETERS[name] },
    ]),
  );
