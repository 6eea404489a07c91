// Turns described operations into those of the document. Answers, requests and failures share its components.
import * as z from "zod";
import { EVENT_TYPES, type EventType } from "../config/webhook-events.ts";
import { ERRORS, type ErrorCode, isForNow } from "../http/errors.ts";
import { eventOf, pascal } from "./answers/orders.ts";
import { exampleOfEvent } from "./examples.ts";
import { type Body, errorsOf, OPERATOR, type Operation, type Success } from "./operation.ts";
import { HEADERS, type HeaderName } from "./parameters.ts";
import { problemOf, saysWhen } from "./problems.ts";
import { type JsonSchema, Schemas } from "./schemas.ts";

const LIMIT_HEADERS = [
  "RateLimit-Policy",
  "RateLimit",
  "X-RateLimit-Limit",
  "X-RateLimit-Remaining",
  "X-RateLimit-Reset",
] as const;

const refs = (section: string, names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/${section}/${name}` }]));

/** Headers that a response can have. */
const optional = (names: readonly HeaderName[]) =>
  Object.fromEntries(names.map((name) => [name, { ...HEADERS[name], required: false }]));

const UNCOUNTED: ReadonlySet<ErrorCode> = new Set([
  "method_not_allowed",
  "misdirected_request",
  "precondition_failed",
]);

export class Builder {
  readonly schemas = new Schemas();
  /** Failures that many operations have in common. */
  readonly responses: Record<string, JsonSchema> = {};

  operation(key: string, operation: Operation): JsonSchema {
    const { id, tag, summary, description, security, parameters = [], body } = operation;
    return {
      operationId: id,
      tags: [tag],
      summary,
      ...(description && { description }),
      security: (security ?? []).map((name) => ({ [name]: [] })),
      ...(parameters.length > 0 && {
        parameters: parameters.map((name) => ({ $ref: `#/components/parameters/${name}` })),
      }),
      ...(body && { requestBody: this.#requestBody(body) }),
      responses: this.#responses(key, operation),
    };
  }

  #requestBody({ name, schema, isOptional, example }: Body): JsonSchema {
    return {
      required: !isOptional,
      content: {
        "application/json": {
          schema: this.schemas.convert(schema, "input", name),
          ...(example !== undefined && { example }),
        },
      },
    };
  }

  #responses(key: string, operation: Operation): JsonSchema {
    const limits = operation.isLimited ? LIMIT_HEADERS : [];
    const more = operation.security === OPERATOR ? [...limits, "Server-Timing" as const] : limits;
    const byStatus = Map.groupBy(errorsOf(key, operation), (code) => ERRORS[code].status);
    const responses: Record<string, JsonSchema> = {};
    for (const [status, answer] of Object.entries(operation.answers)) {
      responses[status] = this.#success(answer, more);
    }
    for (const [status, codes] of [...byStatus].sort(([a], [b]) => a - b)) {
      responses[status] = responses[status]
        ? merged(responses[status], this.#failure(codes, limits))
        : this.#shared(codes, limits);
    }
    return responses;
  }

  #success(answer: Success, limits: readonly HeaderName[]): JsonSchema {
    const {
      description,
      body,
      mediaType = "application/json",
      alternative,
      headers = [],
      example,
    } = answer;
    const text = { schema: { type: "string" } };
    const content = !body
      ? undefined
      : body instanceof z.ZodType
        ? {
            [mediaType]: {
              schema: this.schemas.convert(body, "output"),
              ...(example !== undefined && { example }),
            },
            ...(alternative && { [alternative]: text }),
          }
        : { [body.mediaType]: text };
    return {
      description,
      headers: refs("headers", ["X-Request-Id", "Cache-Control", ...headers, ...limits]),
      ...(content && { content }),
    };
  }

  /** A reference to the response with these codes. */
  #shared(codes: readonly ErrorCode[], limits: readonly HeaderName[]): JsonSchema {
    // These refuse a request before anything is counted.
    const counted = codes.every((code) => UNCOUNTED.has(code)) ? [] : limits;
    const name = `${codes.map(pascal).join("Or")}${counted.length > 0 ? "Limited" : ""}`;
    this.responses[name] ??= this.#failure(codes, counted);
    return { $ref: `#/components/responses/${name}` };
  }

  #failure(codes: readonly ErrorCode[], limits: readonly HeaderName[]): JsonSchema {
    const headers: HeaderName[] = ["X-Request-Id", "Cache-Control"];
    if (codes.every(isForNow)) headers.push("Retry-After");
    if (codes.includes("method_not_allowed")) headers.push("Allow");
    if (codes.includes("unauthenticated")) headers.push("WWW-Authenticate");
    if (codes.includes("unsupported_media_type")) headers.push("Accept-Encoding");
    const sometimes: HeaderName[] = codes.some(saysWhen) ? ["Retry-After"] : [];
    // The one 503 of a deployment whose configuration is wrong knows no limits.
    (codes.includes("unavailable") ? sometimes : headers).push(...limits);
    const schemas = codes.map((code) => this.schemas.convert(problemOf(code), "output"));
    return {
      description: codes.map((code) => `\`${code}\``).join(", "),
      headers: { ...optional(sometimes), ...refs("headers", headers) },
      content: {
        "application/problem+json": {
          schema: schemas.length === 1 ? schemas[0] : { oneOf: schemas },
        },
      },
    };
  }

  webhook(type: EventType): JsonSchema {
    return {
      post: {
        operationId: `on${pascal(type)}`,
        tags: ["Events"],
        summary: EVENT_TYPES[type],
        parameters: refsOf(["webhookId", "webhookTimestamp", "webhookSignature"]),
        requestBody: {
          required: true,
          content: {
            "application/json": {
              schema: this.schemas.convert(eventOf(type), "output"),
              example: exampleOfEvent(type),
            },
          },
        },
        responses: {
          "2XX": {
            description:
              "The event was accepted. Anything else makes it come again, with the same id.",
          },
          "410": {
            description: "The receiver is gone. Nothing more is sent to it, and an alert starts.",
          },
          "4XX": { description: "The event comes again." },
        },
        security: [],
      },
    };
  }
}

const refsOf = (names: readonly string[]) =>
  names.map((name) => ({ $ref: `#/components/parameters/${name}` }));

/** A status that is both an answer and an error has the content of both. */
function merged(answer: JsonSchema, failure: JsonSchema): JsonSchema {
  return {
    description: `${answer.description} Or: ${failure.description}`,
    headers: { ...(answer.headers as object), ...(failure.headers as object) },
    content: { ...(answer.content as object), ...(failure.content as object) },
  };
}
