// The client addresses of benchmark rows: unique across all rows.
import { expect, test } from "vitest";
import { AddressRange } from "../../../src/local/bench/addresses.ts";

/** More than one /16 block holds. */
const MANY = 70_000;

const take = (range: AddressRange, count: number) =>
  Array.from({ length: count }, () => range.next());

test("never returns an address twice, across ranges and beyond one block", () => {
  const [one, other] = [new AddressRange(), new AddressRange()];
  const addresses = [...take(one, 10), ...take(other, MANY), ...take(one, MANY)];
  expect(new Set(addresses).size).toBe(addresses.length);
});

test("returns valid addresses in 10.0.0.0/8", () => {
  for (const address of take(new AddressRange(), 1_000)) {
    const octets = address.split(".").map(Number);
    expect(octets).toHaveLength(4);
    expect(octets[0]).toBe(10);
    expect(octets.every((octet) => octet >= 0 && octet <= 255)).toBe(true);
  }
});

test("puts 256 consecutive addresses in 256 different /24 networks", () => {
  const networks = take(new AddressRange(), 256).map((address) =>
    address.slice(0, address.lastIndexOf(".")),
  );
  expect(new Set(networks).size).toBe(256);
});
