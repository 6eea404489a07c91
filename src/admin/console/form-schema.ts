// Shared parts of the schemas of the console's forms.
import * as z from "zod";

export const MAX_FORM_BYTES = 8_192;

/** Why something is done, as the log shows it. */
export const reasonField = z.string().trim().min(1, "is required").max(500);
