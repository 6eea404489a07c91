// The documentation as one page of HTML, made from the OpenAPI document. It needs no script, and has no inline style.
import { html, raw } from "hono/html";
import type { JsonSchema } from "../schemas.ts";
import { blocks, entries, folded, type Html, inline, join, json, link } from "./markup.ts";
import { type Components, errorId, headerId, operationHtml, schemeId } from "./operation.ts";
import { body, fields, schemaId, typeOf } from "./schema.ts";

/** The addresses of the files that the page loads. */
export interface PageAssets {
  style: string;
  icon: string;
}

interface Document {
  info: { title: string; description: string };
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, JsonSchema>>;
  webhooks: Record<string, { post: JsonSchema }>;
  components: Components;
}

/** The groups of the document, by who calls them. */
const AUDIENCES: [string, string[]][] = [
  ["Pages and apps of buyers", ["Catalog", "Line", "Orders"]],
  ["Backend of the shop", ["Shop", "Events", "Health"]],
  ["Operators", ["Sales", "Stock", "Rules", "System"]],
  ["Reference", ["Sign-in", "Errors", "Headers", "Schemas"]],
];

const sectionId = (name: string): string => name.toLowerCase();

export function docsPage(document: JsonSchema, { style, icon }: PageAssets): string {
  const { info, ...rest } = document as unknown as Document;
  const page = html`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${info.title} API</title><meta name="description" content="Every route, error, header, and event of the API."><link rel="icon" href="${icon}"><link rel="stylesheet" href="${style}"></head><body>
<a class="skip" href="#main">Skip to content</a>
<header><p><a href="/">${info.title}</a></p><p><a href="/openapi.json">OpenAPI document</a></p></header>
<nav aria-label="Contents">${contents()}</nav>
<main id="main" tabindex="-1"><h1>${info.title} API</h1>${blocks(info.description)}
${join(rest.tags.map((tag) => tagSection(tag, rest)))}
${signIn(rest)}${errors(rest)}${headers(rest)}${schemas(rest)}</main></body></html>`;
  return String(page);
}

const contents = (): Html =>
  join(
    AUDIENCES.map(
      ([audience, names]) =>
        html`<p>${audience}</p><ul>${join(
          names.map((name) => html`<li>${link(sectionId(name), name)}</li>`),
        )}</ul>`,
    ),
  );

const section = (name: string, words: unknown, content: unknown): Html =>
  html`<section aria-labelledby="${sectionId(name)}"><h2 id="${sectionId(name)}">${name}</h2>${words}${content}</section>` as Html;

type Content = Omit<Document, "info">;

function tagSection({ name, description }: Document["tags"][number], content: Content): Html {
  const words = html`<p>${inline(description)}</p>`;
  if (name === "Events") return section(name, words, events(content));
  const operations = Object.entries(content.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, { tags }]) => (tags as string[]).includes(name))
      .map(([method, operation]) => operationHtml(method, path, operation, content.components)),
  );
  return section(name, words, join(operations));
}

const EVENT_RULES =
  "Each event is posted to `ORDER_WEBHOOK_URL` and signed by the Standard Webhooks scheme with `ORDER_WEBHOOK_SECRET`. " +
  "Answer 2xx once you have stored it. Anything else makes it come again, with the same id. Events can come more than " +
  "once and out of order: keep the order with the highest `version`. `order.reserved` and `order.payment_changed` are " +
  "sent only if `ORDER_WEBHOOK_EVENTS` names them.";

function events({ webhooks }: Content): Html {
  return join([
    html`<p>${inline(EVENT_RULES)}</p>`,
    ...Object.entries(webhooks).map(([name, { post }]) => {
      const { content } = post.requestBody as { content: Record<string, JsonSchema> };
      const { schema, example } = content["application/json"] as JsonSchema;
      return folded(
        String(post.operationId),
        html`<h3><code>${name}</code> <span class="what">${post.summary}</span></h3>`,
        html`${body(schema as JsonSchema)}${example ? json(example, `Example of ${name}`) : ""}`,
      );
    }),
  ]);
}

const signIn = ({ components }: Content): Html =>
  section(
    "Sign-in",
    html`<p>Every route names those that it accepts.</p>`,
    entries(
      Object.entries(components.securitySchemes).map(([name, scheme]) => ({
        name: html`<span id="${schemeId(name)}"><code>${name}</code></span>`,
        kind: html`<span class="kind">${placeOf(scheme)}</span>`,
        meaning: inline(String(scheme.description)),
      })),
    ),
  );

const placeOf = ({ type, name, in: place }: JsonSchema): Html =>
  type === "http"
    ? (html`header <code>Authorization: Bearer …</code>` as Html)
    : (html`${place} <code>${name}</code>` as Html);

function errors({ components }: Content): Html {
  const problems = Object.values(components.schemas).flatMap((schema) => {
    const properties = (schema.properties ?? {}) as Record<string, JsonSchema>;
    const code = properties.code?.const;
    return typeof code === "string" && properties.requestId ? [{ code, schema, properties }] : [];
  });
  problems.sort((a, b) => Number(a.properties.status?.const) - Number(b.properties.status?.const));
  const words = html`<p>Every error has <code>type</code>, <code>title</code>, <code>status</code>, <code>code</code>, <code>detail</code>, and <code>requestId</code>. Those of some have more fields.</p>`;
  return section(
    "Errors",
    words,
    entries(
      problems.map(({ code, schema, properties }) => ({
        name: html`<span id="${errorId(code)}"><code>${code}</code></span>`,
        kind: html`<span class="kind">${properties.status?.const}</span>`,
        meaning: inline(String(schema.description)),
        inner: fields({ ...schema, properties: own(properties) }),
      })),
    ),
  );
}

const SHARED = ["type", "title", "status", "code", "detail", "requestId"];

const own = (properties: Record<string, JsonSchema>) =>
  Object.fromEntries(Object.entries(properties).filter(([name]) => !SHARED.includes(name)));

const headers = ({ components }: Content): Html =>
  section(
    "Headers",
    html`<p>Of answers. Those of requests are parameters of the routes.</p>`,
    entries(
      Object.entries(components.headers).map(([name, { description }]) => ({
        name: html`<span id="${headerId(name)}"><code>${name}</code></span>`,
        meaning: inline(String(description)),
      })),
    ),
  );

function schemas({ components }: Content): Html {
  const shown = Object.entries(components.schemas).filter(([name]) => !name.endsWith("Problem"));
  shown.sort(([a], [b]) => (a < b ? -1 : 1));
  return section(
    "Schemas",
    raw(""),
    join(
      shown.map(([name, schema]) =>
        folded(
          schemaId(name),
          html`<h3><code>${name}</code></h3>`,
          html`${schema.description ? html`<p>${inline(String(schema.description))}</p>` : ""}${
            schema.properties ? fields(schema) : html`<p>${typeOf(schema)}</p>`
          }`,
        ),
      ),
    ),
  );
}
