// The fake Stripe refuses the amounts that the real one refuses.
import { expect, test } from "vitest";
import { readAmount } from "../../../src/local/fakes/stripe/amounts.ts";

const read = (amount: string, currency: string) =>
  readAmount(new URLSearchParams({ amount, currency }));

test.each([
  ["50", "usd"],
  ["99999999", "usd"],
  ["999999999999", "idr"],
  ["17500", "huf"],
  ["100", "isk"],
  ["1", "mga"],
  ["10", "kwd"],
])("accepts %s %s", (amount, currency) => {
  expect(read(amount, currency)).toEqual({ amount: Number(amount), currency });
});

test.each([
  ["49", "usd", "amount", "amount_too_small"],
  ["17499", "huf", "amount", "amount_too_small"],
  ["0", "isk", "amount", "amount_too_small"],
  ["100000000", "usd", "amount", "amount_too_large"],
  ["1000000000000", "idr", "amount", "amount_too_large"],
  ["1.5", "mga", "amount", "parameter_invalid_integer"],
  ["", "usd", "amount", "parameter_invalid_integer"],
  ["150", "isk", "amount", undefined],
  ["5001", "ugx", "amount", undefined],
  ["1005", "kwd", "amount", undefined],
  ["10000", "zzz", "currency", undefined],
  ["10000", "clf", "currency", undefined],
  ["10000", "USD", "currency", undefined],
  ["10000", "", "currency", undefined],
])("refuses %j %j because of the %s", (amount, currency, param, code) => {
  const error = { type: "invalid_request_error", param, ...(code === undefined ? {} : { code }) };
  expect(() => read(amount, currency)).toThrow(
    expect.objectContaining({ status: 400, error: expect.objectContaining(error) }),
  );
});
