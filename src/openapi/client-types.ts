// Writes the types of the client from the OpenAPI document. Tools such as openapi-typescript need the compiler API of
// TypeScript 5, which the compiler of this repository does not have.
import { openApiDocument } from "./document.ts";
import type { JsonSchema } from "./schemas.ts";

/** The groups of operations that the client calls. */
const TAGS: readonly string[] = ["Catalog", "Line", "Orders"];
const REF = "#/components/schemas/";

type Schemas = Record<string, JsonSchema>;

/** The module with one type for each schema that an operation of a buyer uses. */
export function clientTypes(): string {
  const { paths, components } = openApiDocument() as {
    paths: Record<string, Record<string, { tags: string[] }>>;
    components: { schemas: Schemas; responses: Schemas; parameters: Schemas };
  };
  const operations = Object.values(paths).flatMap((path) =>
    Object.values(path).filter(({ tags }) => TAGS.includes(tags[0] ?? "")),
  );
  const names = reachable(operations, components);
  const types = names.map((name) => typeOf(name, components.schemas[name] ?? {}));
  return `// Made by src/openapi/client-types.ts\n${types.join("\n")}\n${problemUnion(names)}`;
}

/** The names of all schemas that `roots` refer to, directly or not, in alphabetical order. */
function reachable(roots: object, components: Record<string, Schemas>): string[] {
  const seen = new Set<string>();
  const queue = [JSON.stringify(roots)];
  for (let text = queue.pop(); text !== undefined; text = queue.pop()) {
    for (const [ref, section = "", name = ""] of text.matchAll(/#\/components\/(\w+)\/([\w-]+)/g)) {
      if (seen.has(ref)) continue;
      seen.add(ref);
      queue.push(JSON.stringify(components[section]?.[name] ?? {}));
    }
  }
  return [...seen]
    .filter((ref) => ref.startsWith(REF))
    .map((ref) => ref.slice(REF.length))
    .sort();
}

const problemUnion = (names: string[]) =>
  `export type Problem = ${names.filter((name) => name.endsWith("Problem")).join(" | ")};\n`;

const comment = ({ description }: JsonSchema) =>
  typeof description === "string" ? `/** ${description.replaceAll("*/", "* /")} */\n` : "";

const typeOf = (name: string, schema: JsonSchema) =>
  `${comment(schema)}export type ${name} = ${written(schema)};`;

/** A schema as a type of TypeScript. */
function written(schema: JsonSchema): string {
  const {
    $ref,
    const: constant,
    enum: values,
    anyOf,
    oneOf,
    type,
  } = schema as Record<string, never>;
  if ($ref) return ($ref as string).slice(REF.length);
  if (constant !== undefined) return JSON.stringify(constant);
  if (values) return (values as unknown[]).map((value) => JSON.stringify(value)).join(" | ");
  const choices = (anyOf ?? oneOf) as JsonSchema[] | undefined;
  if (choices) return choices.map((choice) => `(${written(choice)})`).join(" | ");
  if (Array.isArray(type)) {
    return (type as string[]).map((one) => written({ ...schema, type: one })).join(" | ");
  }
  if (type === "array") return writtenArray(schema);
  if (type === "object") return writtenObject(schema);
  if (type === "integer") return "number";
  return type ?? "unknown";
}

function writtenArray({ prefixItems, items }: JsonSchema): string {
  if (!prefixItems) return `(${written(items as JsonSchema)})[]`;
  return `[${(prefixItems as JsonSchema[]).map(written).join(", ")}]`;
}

function writtenObject({ properties, required, additionalProperties }: JsonSchema): string {
  const fields = Object.entries((properties ?? {}) as Schemas).map(([name, schema]) => {
    const mark = (required as string[] | undefined)?.includes(name) ? "" : "?";
    return `${comment(schema)}${JSON.stringify(name)}${mark}: ${written(schema)};`;
  });
  if (fields.length > 0) return `{\n${fields.join("\n")}\n}`;
  const values = typeof additionalProperties === "object" && additionalProperties;
  return `Record<string, ${values ? written(values as JsonSchema) : "unknown"}>`;
}
