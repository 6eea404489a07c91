// Says how one OpenAPI document breaks clients that were written for another one. Pure.
import {
  type Direction,
  type Json,
  resolve,
  schemaBreaks,
  type Versions,
} from "./compare-schemas.ts";

type Documents = Omit<Versions, "direction">;

const asObject = (value: unknown): Json => (value ?? {}) as Json;

/** The breaking changes from one document to the next, a sentence each. */
export function breakingChanges(before: Json, after: Json): string[] {
  const documents = { before, after };
  return [
    ...sectionBreaks("paths", documents),
    ...sectionBreaks("webhooks", documents),
    ...problemBreaks(documents),
  ];
}

/** Whether the part of a changelog about the next release says that something breaks. */
export function isAnnounced(changelog: string): boolean {
  const [, unreleased = ""] = changelog.split(/^## /m);
  const [, section = ""] = unreleased.split(/^### Breaking$/m);
  return /^\s*- /.test(section);
}

function sectionBreaks(section: "paths" | "webhooks", documents: Documents): string[] {
  const [were, are] = [asObject(documents.before[section]), asObject(documents.after[section])];
  return Object.entries(were).flatMap(([path, methods]) =>
    Object.entries(asObject(methods)).flatMap(([method, operation]) => {
      const name = section === "paths" ? `${method.toUpperCase()} ${path}` : `the event ${path}`;
      const now = asObject(are[path])[method];
      if (now === undefined) return [`${name} was removed`];
      return operationBreaks(asObject(operation), asObject(now), name, section, documents);
    }),
  );
}

function operationBreaks(
  old: Json,
  now: Json,
  name: string,
  section: "paths" | "webhooks",
  documents: Documents,
): string[] {
  const renamed =
    old.operationId === now.operationId
      ? []
      : [`${name}: the operationId ${old.operationId} became ${now.operationId}`];
  // The shop reads the body of an event, so it is an answer.
  const direction = section === "paths" ? "request" : "answer";
  return [
    ...renamed,
    ...securityBreaks(old, now, name),
    ...parameterBreaks(old, now, name, documents),
    ...bodyBreaks(old, now, name, { ...documents, direction }),
    ...(section === "paths" ? answerBreaks(old, now, name, documents) : []),
  ];
}

const schemesOf = ({ security }: Json): string[] =>
  ((security ?? []) as Json[]).flatMap((each) => Object.keys(each));

function securityBreaks(old: Json, now: Json, name: string): string[] {
  const [were, are] = [schemesOf(old), schemesOf(now)];
  if (were.length === 0 && are.length > 0) return [`${name} needs a sign-in`];
  if (are.length === 0) return [];
  return were
    .filter((scheme) => !are.includes(scheme))
    .map((scheme) => `${name} no longer accepts ${scheme}`);
}

function parametersOf(document: Json, { parameters }: Json): Map<string, Json> {
  const all = ((parameters ?? []) as unknown[]).map((each) => resolve(document, each));
  return new Map(all.map((each) => [`${each.in} ${String(each.name).toLowerCase()}`, each]));
}

function parameterBreaks(old: Json, now: Json, name: string, documents: Documents): string[] {
  const were = parametersOf(documents.before, old);
  const are = parametersOf(documents.after, now);
  const removed = [...were.keys()].filter((key) => !are.has(key));
  const demanded = [...are].filter(([key, { required }]) => required && !were.get(key)?.required);
  const versions = { ...documents, direction: "request" as const };
  return [
    ...removed.map((key) => `${name}: the parameter ${key} was removed`),
    ...demanded.map(([key]) => `${name}: the parameter ${key} became required`),
    ...[...were].flatMap(([key, { schema }]) => {
      const current = are.get(key);
      return current ? schemaBreaks(schema, current.schema, versions, `${name}: ${key}`) : [];
    }),
  ];
}

function bodyBreaks(old: Json, now: Json, name: string, versions: Versions): string[] {
  const [was, is] = [asObject(old.requestBody), asObject(now.requestBody)];
  const breaks = is.required && !was.required ? [`${name}: the body became required`] : [];
  return [...breaks, ...contentBreaks(was, is, `${name}: body`, versions)];
}

function contentBreaks(old: Json, now: Json, path: string, versions: Versions): string[] {
  const [were, are] = [asObject(old.content), asObject(now.content)];
  return Object.entries(were).flatMap(([mediaType, content]) =>
    mediaType in are
      ? schemaBreaks(asObject(content).schema, asObject(are[mediaType]).schema, versions, path)
      : [`${path}: ${mediaType} was removed`],
  );
}

/** Only answers that succeed: clients understand new errors by their status. */
function answerBreaks(old: Json, now: Json, name: string, documents: Documents): string[] {
  const versions = { ...documents, direction: "answer" as Direction };
  const are = asObject(now.responses);
  return Object.entries(asObject(old.responses)).flatMap(([status, answer]) => {
    if (Number(status) >= 400) return [];
    const path = `${name}: ${status}`;
    if (!(status in are)) return [`${path} was removed`];
    const [was, is] = [resolve(documents.before, answer), resolve(documents.after, are[status])];
    return [...headerBreaks(was, is, path, documents), ...contentBreaks(was, is, path, versions)];
  });
}

function headerBreaks(old: Json, now: Json, path: string, { before, after }: Documents): string[] {
  const are = asObject(now.headers);
  return Object.entries(asObject(old.headers))
    .filter(([name, header]) => {
      const isPromised = resolve(before, header).required === true;
      return isPromised && resolve(after, are[name]).required !== true;
    })
    .map(([name]) => `${path}: the header ${name} is no longer always there`);
}

/** Error codes that are gone, or whose fields changed. */
function problemBreaks({ before, after }: Documents): string[] {
  const schemasOf = (document: Json) => asObject(asObject(document.components).schemas);
  const are = schemasOf(after);
  return Object.entries(schemasOf(before))
    .filter(([name]) => name.endsWith("Problem"))
    .flatMap(([name, schema]) =>
      name in are
        ? schemaBreaks(schema, are[name], { before, after, direction: "answer" }, name)
        : [`${name} was removed`],
    );
}
