// The tables of a Durable Object, for tests that pin a schema or open a store of an earlier one.

/** Table and index name → its DDL on one line. */
export const ddlOf = (sql: SqlStorage): Record<string, string> =>
  Object.fromEntries(
    sql
      .exec("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT GLOB '_*'")
      .toArray()
      .map((row) => [row.name as string, String(row.sql).replace(/\s+/g, " ")]),
  );

/** The number of migrations that ran. */
export const versionOf = (sql: SqlStorage): unknown =>
  sql.exec("SELECT version FROM schema_version").one().version;

/** Drops all tables, so that a test can create those of an earlier release. */
export function dropTables(sql: SqlStorage): void {
  const tables = sql.exec(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB '_*'",
  );
  for (const { name } of tables.toArray()) sql.exec(`DROP TABLE ${name}`);
}
