// The schema of a line's object: pinned.
import { expect, test } from "vitest";
import { MIGRATIONS } from "../../src/line/tables.ts";
import { unique } from "../support/shop.ts";
import { ddlOf, versionOf } from "../support/tables.ts";
import { inside } from "./object.ts";

const SCHEMA = {
  schema_version:
    "CREATE TABLE schema_version ( id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL)",
  line: "CREATE TABLE line ( id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL, line TEXT)",
  arrivals:
    "CREATE TABLE arrivals ( id INTEGER PRIMARY KEY CHECK (id = 1), level INTEGER NOT NULL, entries BLOB NOT NULL)",
  history: "CREATE TABLE history (at INTEGER PRIMARY KEY, frontier REAL NOT NULL)",
};

test("pins the tables of a line, which only a migration may change", async () => {
  const saleId = unique("line");
  expect(await inside(saleId, (_, { storage }) => ddlOf(storage.sql))).toEqual(SCHEMA);
  expect(await inside(saleId, (_, { storage }) => versionOf(storage.sql))).toBe(MIGRATIONS.length);
});
