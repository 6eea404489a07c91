// Shows schemas to people: the type in words, and the fields.
import { html } from "hono/html";
import type { JsonSchema } from "../schemas.ts";
import { type Entry, entries, type Html, inline, join, link, NONE } from "./markup.ts";

const nameOf = (ref: unknown): string => String(ref).split("/").at(-1) ?? "";

const asList = (value: unknown): JsonSchema[] => (Array.isArray(value) ? value : []);

export const schemaId = (name: string): string => `schema-${name}`;

const code = (value: unknown): Html => html`<code>${JSON.stringify(value)}</code>` as Html;

const oneOf = (parts: readonly unknown[]): Html =>
  join(parts.flatMap((part, at) => (at === 0 ? [part] : [" or ", part])));

/** The type of a value in words, with links to what it refers to. */
export function typeOf(schema: JsonSchema): Html {
  if (schema.$ref !== undefined) {
    const name = nameOf(schema.$ref);
    return link(schemaId(name), name);
  }
  if ("const" in schema) return code(schema.const);
  if (Array.isArray(schema.enum)) return oneOf(schema.enum.map(code));
  const choices = asList(schema.anyOf ?? schema.oneOf);
  if (choices.length > 0) return oneOf(choices.map(typeOf));
  if (schema.type === "array") {
    const { items } = schema;
    const parts = asList(schema.prefixItems);
    if (parts.length > 0) return html`list: ${oneOf(parts.map(typeOf))}` as Html;
    return html`list of ${typeOf((items ?? {}) as JsonSchema)}` as Html;
  }
  if (schema.format !== undefined) return html`${FORMATS[String(schema.format)]}` as Html;
  return html`${schema.type ?? "anything"}${limits(schema)}` as Html;
}

const FORMATS: Record<string, string> = { "date-time": "time", uri: "URL" };

/** The range of a number or a length, if the schema limits it. */
function limits(schema: JsonSchema): string {
  const least = schema.minimum ?? schema.minLength;
  const most = schema.maximum ?? schema.maxLength;
  if (least === undefined && most === undefined) return "";
  const unit = schema.type === "string" ? " characters" : "";
  if (most === undefined) return `, at least ${least}${unit}`;
  return least === undefined ? `, at most ${most}${unit}` : `, ${least} to ${most}${unit}`;
}

/** The object whose fields a value has: of itself, or of the items of a list. */
function objectIn(schema: JsonSchema): JsonSchema | undefined {
  if (schema.properties) return schema;
  const inner = asList(schema.anyOf ?? schema.oneOf).concat((schema.items ?? []) as JsonSchema);
  return inner.map(objectIn).find((found) => found !== undefined);
}

/** The fields of an object, and of the objects in it that have no name of their own. */
export function fields(schema: JsonSchema): Html {
  const object = objectIn(schema);
  if (!object) return NONE;
  const required = (object.required ?? []) as string[];
  const properties = Object.entries(object.properties as Record<string, JsonSchema>);
  return entries(
    properties.map(([name, property]): Entry => {
      const { description, default: standard } = property;
      const isOptional = !required.includes(name);
      return {
        name: html`<code>${name}</code>`,
        kind: html`<span class="kind">${typeOf(property)}${isOptional ? ", optional" : ""}${
          standard === undefined || typeof standard === "object"
            ? ""
            : html`, else ${code(standard)}`
        }</span>`,
        meaning: description === undefined ? NONE : inline(String(description)),
        inner: fields(property),
      };
    }),
  );
}

/** A body: a link to its schema, or its fields. */
export const body = (schema: JsonSchema): Html =>
  schema.$ref === undefined ? fields(schema) : (html`<p>${typeOf(schema)}</p>` as Html);
