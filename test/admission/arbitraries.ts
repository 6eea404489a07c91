// Random people, sales and draws for property tests of the line.
import fc from "fast-check";

export const SECRET = "test-signing-secret-of-32-characters";

const hex32 = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(""));

export const saleId = fc.stringMatching(/^[a-z0-9-]{1,64}$/);
export const userId = fc.string({ minLength: 1, maxLength: 128, unit: "binary" });
export const registrant = fc.record({ saleId, userId });
export const draw = fc.record({ seed: hex32, randomness: hex32 });
/** Milliseconds. */
export const instant = fc.integer({ min: 1_700_000_000_000, max: 2_000_000_000_000 });
