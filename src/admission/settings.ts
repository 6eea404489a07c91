// The `admission` settings of a sale: how people who come for it are ordered and admitted.
import * as z from "zod";
import { instantSchema } from "../values/instant.ts";

/** How long before the sale opens people can register by default. */
const REGISTRATION_MS = 15 * 60_000;

/** People admitted per second. A rate below one admits somebody every few seconds. */
export const rateSchema = z.number().min(0.1).max(1_000);

const lineSchema = z.strictObject({
  mode: z.enum(["queue", "draw"]),
  ratePerSecond: rateSchema.default(50),
  registrationOpensAt: instantSchema.optional(),
  registrationClosesAt: instantSchema.optional(),
});

/**
 * `open`: no line. `queue`: people who register before the close are shuffled, later ones follow in order of arrival.
 * `draw`: the same, and the line says that only those who registered before the close take part in the draw.
 */
export const admissionSchema = z
  .discriminatedUnion("mode", [z.strictObject({ mode: z.literal("open") }), lineSchema])
  .default({ mode: "open" });

export type Admission = z.output<typeof admissionSchema>;
/** The settings of a sale that has a line. */
export type LineSettings = z.output<typeof lineSchema>;
export type LineMode = LineSettings["mode"];

interface Timed {
  /** ISO 8601. */
  opensAt: string;
  admission: Admission;
}

/** The settings of a sale's line. Undefined if it has none. */
export const lineSettings = ({ admission }: Pick<Timed, "admission">): LineSettings | undefined =>
  admission.mode === "open" ? undefined : admission;

/** When people register early for a sale with a line, in milliseconds. Undefined without a line. */
export function registrationOf(sale: Timed): { opensAt: number; closesAt: number } | undefined {
  const settings = lineSettings(sale);
  if (!settings) return undefined;
  const { registrationOpensAt, registrationClosesAt } = settings;
  const opening = Date.parse(sale.opensAt);
  return {
    opensAt: registrationOpensAt ? Date.parse(registrationOpensAt) : opening - REGISTRATION_MS,
    closesAt: registrationClosesAt ? Date.parse(registrationClosesAt) : opening,
  };
}

/** The fault in the registration of a sale: the setting and why. Undefined if there is none. */
export function registrationFault(
  sale: Timed & { closesAt: string },
): { field: "registrationOpensAt" | "registrationClosesAt"; message: string } | undefined {
  const registration = registrationOf(sale);
  if (!registration) return undefined;
  if (registration.closesAt > Date.parse(sale.closesAt)) {
    return { field: "registrationClosesAt", message: "must not be after closesAt" };
  }
  if (registration.opensAt < registration.closesAt) return undefined;
  const message =
    "must be after registrationOpensAt, which is 15 minutes before opensAt by default";
  return { field: "registrationClosesAt", message };
}

/**
 * Whether the close of registration can move: neither the old nor the new one is in the past. Times are milliseconds. Once
 * registration has closed, the draw depends on it.
 */
export const canMoveClose = (before: number, after: number, now: number): boolean =>
  before === after || (before > now && after > now);

/** The fault in a change of a sale that has a line: the setting and why. Undefined if there is none. */
export function lineChangeFault(
  before: Timed,
  after: Timed,
  now: number,
): { field: "mode" | "registrationClosesAt"; message: string } | undefined {
  const [old, next] = [registrationOf(before), registrationOf(after)];
  if (!old || !next) return undefined;
  if (!canMoveClose(old.closesAt, next.closesAt, now)) {
    const closedAt = new Date(old.closesAt).toISOString();
    const message =
      old.closesAt <= now
        ? `must stay ${closedAt}, because registration has closed. A new sale needs another id`
        : "must be in the future, because people have registered";
    return { field: "registrationClosesAt", message };
  }
  if (old.closesAt > now || before.admission.mode === after.admission.mode) return undefined;
  const message = `must stay ${before.admission.mode}, because registration has closed`;
  return { field: "mode", message };
}
