// Loaded on demand: checks a revealed draw in the buyer's own browser. A script of its own, because the cryptography is
// larger than the rest of the page.
import { type DrawCheck, verifyDraw } from "../../admission/verify-draw.ts";

/**
 * Checks a document of `/api/sales/{saleId}/draw`. Never rejects.
 *
 * @param userId with `place`: the buyer whose place is checked, as the line showed it to them
 */
export const checkDraw = (
  document: unknown,
  userId?: string,
  place?: number,
): Promise<DrawCheck[]> =>
  verifyDraw(document, userId === undefined || place === undefined ? {} : { userId, place });
