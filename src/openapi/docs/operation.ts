// Shows one operation to people.
import { html } from "hono/html";
import type { JsonSchema } from "../schemas.ts";
import { entries, folded, type Html, inline, join, json, link, NONE } from "./markup.ts";
import { body, typeOf } from "./schema.ts";

/** The parts of the document that operations refer to. */
export interface Components {
  schemas: Record<string, JsonSchema>;
  responses: Record<string, JsonSchema>;
  parameters: Record<string, JsonSchema>;
  headers: Record<string, JsonSchema>;
  securitySchemes: Record<string, JsonSchema>;
}

export const errorId = (code: string): string => `error-${code}`;
export const headerId = (name: string): string => `header-${name}`;
export const schemeId = (name: string): string => `sign-in-${name}`;

const nameOf = (ref: unknown): string => String(ref).split("/").at(-1) ?? "";

interface Content {
  schema: JsonSchema;
  example?: unknown;
}

const contentOf = (part: JsonSchema): [string, Content][] =>
  Object.entries((part.content ?? {}) as Record<string, Content>);

/** An operation with its method and path, closed until it is opened. */
export function operationHtml(
  method: string,
  path: string,
  operation: JsonSchema,
  components: Components,
): Html {
  const title = html`<h3><span class="method ${method}">${method.toUpperCase()}</span> <code>${path}</code> <span class="what">${operation.summary}</span></h3>`;
  return folded(
    String(operation.operationId),
    title,
    html`${operation.description ? html`<p>${inline(String(operation.description))}</p>` : NONE}
${callers(operation)}${parameters(operation, components)}${requestBody(operation)}${answers(operation, components)}`,
  );
}

function callers({ security }: JsonSchema): Html {
  const names = ((security ?? []) as object[]).flatMap((each) => Object.keys(each));
  if (names.length === 0) return html`<p class="who">For everyone.</p>` as Html;
  const links = names.map((name, at) => html`${at > 0 ? " or " : ""}${link(schemeId(name), name)}`);
  return html`<p class="who">With ${join(links)}.</p>` as Html;
}

function parameters(operation: JsonSchema, components: Components): Html {
  const list = ((operation.parameters ?? []) as JsonSchema[]).map(
    ({ $ref }) => components.parameters[nameOf($ref)] as JsonSchema,
  );
  if (list.length === 0) return NONE;
  return html`<h4>Parameters</h4>${entries(
    list.map(({ name, in: place, required, description, schema }) => ({
      name: html`<code>${name}</code>`,
      kind: html`<span class="kind">${place}, ${typeOf(schema as JsonSchema)}${required ? "" : ", optional"}</span>`,
      meaning: inline(String(description)),
    })),
  )}` as Html;
}

function requestBody({ operationId: id, requestBody: request }: JsonSchema): Html {
  if (!request) return NONE;
  const [[, { schema, example }] = ["", { schema: {} }]] = contentOf(request as JsonSchema) as [
    [string, Content],
  ];
  const note = (request as JsonSchema).required ? "" : ", optional";
  return html`<h4>Body${note}</h4>${body(schema)}${
    example === undefined ? NONE : json(example, `Body of ${id}`)
  }` as Html;
}

function answers({ operationId: id, responses }: JsonSchema, components: Components): Html {
  const list = Object.entries(responses as Record<string, JsonSchema>).map(([status, response]) => {
    const shared =
      response.$ref === undefined ? response : components.responses[nameOf(response.$ref)];
    return [status, shared as JsonSchema] as const;
  });
  const [good, bad] = [
    list.filter(([status]) => status < "400"),
    list.filter(([status]) => status >= "400"),
  ];
  return html`<h4>Answers</h4>${entries(good.map(([status, response]) => answer(String(id), status, response)))}
<h4>Errors</h4><ul class="codes">${join(
    bad.flatMap(([status, response]) =>
      codesOf(response).map(
        (code) => html`<li>${status} ${link(errorId(code), html`<code>${code}</code>`)}</li>`,
      ),
    ),
  )}</ul>` as Html;
}

const EVERYWHERE = new Set(["X-Request-Id", "Cache-Control", "Server-Timing"]);

function answer(id: string, status: string, response: JsonSchema) {
  const names = Object.keys((response.headers ?? {}) as object).filter(
    (name) => !EVERYWHERE.has(name),
  );
  const headers = names.map(
    (name, at) => html`${at > 0 ? ", " : ""}${link(headerId(name), html`<code>${name}</code>`)}`,
  );
  return {
    name: html`<strong>${status}</strong>`,
    meaning: html`${inline(String(response.description))}`,
    inner: html`${join(
      contentOf(response).map(
        ([mediaType, { schema, example }]) => html`
<p><code>${mediaType}</code> ${typeOf(schema)}</p>${example === undefined ? NONE : json(example, `Answer ${status} of ${id}`)}`,
      ),
    )}${headers.length > 0 ? html`<p>Headers: ${join(headers)}</p>` : NONE}`,
  };
}

/** The error codes of a response. */
const codesOf = ({ description }: JsonSchema): string[] =>
  [...String(description).matchAll(/`([a-z_]+)`/g)].map(([, code]) => code as string);
