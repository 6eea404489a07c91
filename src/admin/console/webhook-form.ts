// The forms on the page of the webhook: how a filled-in form becomes a command of the operator's API.
import * as z from "zod";
import { EVENT_TYPES, type EventType } from "../../config/webhook-events.ts";
import { type ReplayRequest, replaySchema } from "../webhooks.ts";
import { type Asked, commandIn, keyField, reasonField } from "./form-schema.ts";

const TYPES = Object.keys(EVENT_TYPES) as EventType[];

const replayForm = z.strictObject({
  action: z.literal("replay"),
  key: keyField,
  /** As the browser sends a date and a time, in UTC. */
  from: z.string().trim().max(40),
  to: z.string().trim().max(40),
  type: z.enum(["", ...TYPES]).default(""),
  sku: z.string().trim().max(64).default(""),
  reason: reasonField,
});

export type ReplayForm = z.output<typeof replayForm>;

/** One form of the page, by the button that was pressed. */
export const webhookForm = z.discriminatedUnion("action", [
  replayForm,
  z.strictObject({ action: z.literal("resume"), reason: reasonField }),
]);

/** `2026-12-01T09:00`, with or without seconds, is UTC. Any other text is left to the schema. */
const toInstant = (text: string): string =>
  text.replace(/^(\d{4}-\d\d-\d\dT\d\d:\d\d)(:\d\d)?$/, (_, minute, seconds = ":00") => {
    return `${minute}${seconds}Z`;
  });

/** The replay that a form asks for, or what is wrong with it. */
export const replayOf = ({ from, to, type, sku, reason }: ReplayForm): Asked<ReplayRequest> =>
  commandIn(replaySchema, {
    ...{ from: toInstant(from), to: toInstant(to), reason },
    ...(type === "" ? {} : { types: [type] }),
    ...(sku === "" ? {} : { sku }),
  });
