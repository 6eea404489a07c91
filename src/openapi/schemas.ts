// Turns zod schemas into the schemas of the document. Those with an id become components.
import * as z from "zod";
import { admissionSchema } from "../admission/settings.ts";
import { productSchema, skuSchema } from "../catalog/items.ts";
import { protectionSchema } from "../catalog/protection.ts";
import { moneySchema } from "../values/money.ts";

export type JsonSchema = Record<string, unknown>;

/** Schemas of requests that are components. Answers name theirs with `meta`. */
const NAMED = new Map<z.ZodType, string>([
  [skuSchema, "Sku"],
  [productSchema, "Product"],
  [admissionSchema, "Admission"],
  [protectionSchema, "Protection"],
  [moneySchema, "Price"],
]);
for (const [schema, id] of NAMED) z.globalRegistry.add(schema, { id });

/** Components whose defaults make requests and answers differ. */
const WITH_DEFAULTS = new Set(["Sku", "Admission", "Protection"]);

const DEFS = "#/$defs/";
const COMPONENTS = "#/components/schemas/";

/** zod writes the range of safe integers for every integer. */
function simplify({ jsonSchema }: { jsonSchema: JsonSchema; zodSchema: unknown }): void {
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  if (jsonSchema.format === "date-time") delete jsonSchema.pattern;
}

export class Schemas {
  readonly components: Record<string, JsonSchema> = {};

  /** The schema of a request (`input`) or an answer (`output`). `name`: that of its component, unless it has an id. */
  convert(schema: z.ZodType, io: "input" | "output", name?: string): JsonSchema {
    const {
      $schema: _,
      $defs = {},
      ...converted
    } = z.toJSONSchema(schema, {
      io,
      unrepresentable: "any",
      override: (ctx) => this.#override(ctx as never, io),
    }) as JsonSchema & { $defs?: Record<string, JsonSchema> };
    const rename = (name: string) =>
      io === "input" && WITH_DEFAULTS.has(name) ? `${name}Input` : name;
    for (const [name, component] of Object.entries($defs)) {
      this.#add(rename(name), rewrite(component, rename));
    }
    const { id, ...own } = converted as JsonSchema & { id?: string };
    const component = name ?? (id === undefined ? undefined : rename(id));
    if (component === undefined) return rewrite(own, rename);
    this.#add(component, rewrite(own, rename));
    return { $ref: COMPONENTS + component };
  }

  #override(ctx: { jsonSchema: JsonSchema; zodSchema: z.ZodType }, io: "input" | "output"): void {
    simplify(ctx);
    const { def } = ctx.zodSchema._zod;
    // The only transformations of values that answers have convert instants to UTC.
    if (io === "output" && def.type === "transform") {
      Object.assign(ctx.jsonSchema, { type: "string", format: "date-time" });
    }
  }

  #add(name: string, component: JsonSchema): void {
    const { id: _, ...schema } = component;
    const known = this.components[name];
    if (known && JSON.stringify(known) !== JSON.stringify(schema)) {
      throw new Error(`two schemas have the name ${name}`);
    }
    this.components[name] = schema;
  }
}

/** Replaces references to zod's `$defs`. */
function rewrite(schema: JsonSchema, rename: (name: string) => string): JsonSchema {
  return JSON.parse(JSON.stringify(schema), (key, value) =>
    key === "$ref" && typeof value === "string" && value.startsWith(DEFS)
      ? COMPONENTS + rename(value.slice(DEFS.length))
      : value,
  );
}
