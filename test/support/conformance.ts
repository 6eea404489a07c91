// Compares answers with the OpenAPI document: status, headers, media type, and body.
import { dereference, type OutputUnit, type Schema, validate } from "@cfworker/json-schema";
import { openApiDocument } from "../../src/openapi/document.ts";

interface DescribedHeader {
  required?: boolean;
}

interface DescribedResponse {
  headers: Record<string, Ref | DescribedHeader>;
  content?: Record<string, { schema: Schema }>;
}

interface Document {
  paths: Record<string, Record<string, { responses: Record<string, DescribedResponse | Ref> }>>;
  components: {
    responses: Record<string, DescribedResponse>;
    headers: Record<string, DescribedHeader>;
    schemas: Record<string, Schema>;
  };
}

interface Ref {
  $ref: string;
}

/** An answer whose body was read. `body` is undefined if it is no JSON. */
export interface Answered {
  method: string;
  path: string;
  status: number;
  headers: Headers;
  body: unknown;
}

/** Examples are no schemas, although some have an `id`. */
const document: Document = JSON.parse(
  JSON.stringify(openApiDocument(), (key, value) => (key === "example" ? undefined : value)),
);
const lookup = dereference(document as unknown as Schema);

/** Headers that any answer may have: those of HTTP, CORS, and security. */
const GENERAL =
  /^(content-(type|length|security-policy)|vary|cross-origin-.*|access-control-.*|origin-agent-cluster|referrer-policy|strict-transport-security|x-(content-type-options|dns-prefetch-control|download-options|frame-options|permitted-cross-domain-policies|xss-protection)|server-timing|x-request-id|cache-control)$/;

/** Pages of HTML and their forms are not described. */
const isDescribed = (path: string): boolean =>
  /^\/(api(\/|$)|openapi\.json$|healthz$|readyz$)/.test(path);

/** Browsers send it on their own. The introduction of the document states the rule. */
const isPreflight = ({ method, status }: Answered): boolean =>
  method === "OPTIONS" && status === 204;

const templates = Object.keys(document.paths).map((template) => ({
  template,
  pattern: new RegExp(`^${template.replaceAll(".", "\\.").replace(/\{\w+\}/g, "[^/]+")}$`),
}));

/** What any address answers, whether it exists or not. */
const EVERYWHERE: Record<number, string> = {
  401: "Unauthenticated",
  403: "Forbidden",
  404: "NotFound",
  405: "MethodNotAllowed",
  412: "PreconditionFailed",
  421: "MisdirectedRequest",
  429: "RateLimited",
  503: "Unavailable",
};

function responseFor({ method, path, status }: Answered): DescribedResponse | undefined {
  const found = templates.filter(({ pattern }) => pattern.test(path));
  const methods = found.map(({ template }) => document.paths[template] ?? {});
  const name = method === "HEAD" ? "get" : method.toLowerCase();
  const operation = methods.find((each) => each[name])?.[name];
  if (!operation) return document.components.responses[EVERYWHERE[status] ?? ""];
  const response = operation.responses[status];
  return response && "$ref" in response ? resolve(response.$ref) : response;
}

const resolve = (ref: string): DescribedResponse | undefined =>
  document.components.responses[ref.split("/").at(-1) as string];

/** What is wrong with an answer, by the document. Empty if it fits. */
export function conformanceFaults(answered: Answered): string[] {
  const { method, path, status, headers, body } = answered;
  if (!isDescribed(path) || isPreflight(answered)) return [];
  const response = responseFor(answered);
  const code = (body as { code?: string } | undefined)?.code ?? "";
  const faults = response
    ? [...headerFaults(response, headers), ...bodyFaults(response, answered)]
    : ["this status is not described"];
  return faults.map((fault) => `${method} ${path} answered ${status} ${code}: ${fault}`);
}

function headerFaults(response: DescribedResponse, headers: Headers): string[] {
  const described = Object.entries(response.headers);
  const missing = described.filter(([name, header]) => isRequired(header) && !headers.has(name));
  const known = new Set(described.map(([name]) => name.toLowerCase()));
  const unknown = [...headers.keys()].filter((name) => !known.has(name) && !GENERAL.test(name));
  return [
    ...missing.map(([name]) => `the header ${name} is missing`),
    ...unknown.map((name) => `the header ${name} is not described`),
  ];
}

const isRequired = (header: Ref | DescribedHeader): boolean =>
  "$ref" in header
    ? document.components.headers[header.$ref.split("/").at(-1) as string]?.required === true
    : header.required === true;

function bodyFaults(
  response: DescribedResponse,
  { method, status, headers, body }: Answered,
): string[] {
  const given = headers.get("content-type")?.split(";")[0];
  // A 304 has the headers of the answer that it stands for.
  if (status === 304) return [];
  if (!response.content) return given === undefined ? [] : [`a body of ${given} is not described`];
  if (method === "HEAD") return [];
  const content = response.content[given ?? ""];
  if (!content) return [`a body of ${given} is not described`];
  if (body === undefined) return [];
  const { valid, errors } = validate(body, content.schema, "2020-12", lookup);
  return valid ? [] : [...new Set(errors.map(describe))].slice(-MAX_SHOWN);
}

const MAX_SHOWN = 6;

const describe = ({ instanceLocation, error }: OutputUnit): string =>
  `${instanceLocation.replace(/^#/, "body")}: ${error}`;
