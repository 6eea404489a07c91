// The page of the log: who changed what, when, and why.
import type { Change, LogEntry } from "../../catalog/log-entry.ts";
import type { Operator } from "../../http/request.ts";
import { renderConsole } from "./layout.tsx";
import { Id, LocalTime, Table } from "./parts.tsx";

interface LogProps {
  operator: Operator;
  /** The only thing whose changes are listed, such as `sale/spring-drop`. */
  target: string | undefined;
  entries: readonly LogEntry[];
  /** Whether the list starts here. */
  isFirst: boolean;
  /** The cursor of the next page. */
  next: number | undefined;
}

export const renderLog = ({
  operator,
  target,
  isFirst,
  entries,
  next,
}: LogProps): Promise<string> =>
  renderConsole({
    title: "Log",
    operator,
    children: (
      <>
        <h1>
          Log{" "}
          <small>
            <Id>{target ?? ""}</Id>
          </small>
        </h1>
        {entries.length === 0 ? (
          <p>{isFirst ? "Nobody has changed anything here yet." : "There are no older entries."}</p>
        ) : (
          <Table
            caption="Changes, newest first"
            head={["What", "When", "By", "Outcome", "Reason", "Changes"]}
            rows={entries.map((entry) => [
              <>
                {entry.action}{" "}
                <small>
                  <Id>{entry.target}</Id>
                </small>
              </>,
              <LocalTime at={entry.at} />,
              <bdi>{entry.actor.name}</bdi>,
              outcomeOf(entry),
              <bdi class="words">{entry.reason ?? ""}</bdi>,
              <Changes changes={entry.changes} />,
            ])}
          />
        )}
        {next === undefined ? null : (
          <p>
            <a
              href={`/admin/log?${new URLSearchParams({ ...(target && { target }), cursor: String(next) })}`}
              rel="next"
            >
              Older entries
            </a>
          </p>
        )}
      </>
    ),
  });

/** `unknown`: the action may have happened, so somebody must look. */
const outcomeOf = ({ outcome, code }: LogEntry) =>
  outcome === "done" ? (
    "done"
  ) : (
    <span class="fault">
      {outcome}
      {code === undefined ? "" : `: ${code}`}
    </span>
  );

interface ChangesProps {
  changes: readonly Change[];
  isOpen?: boolean;
}

export const Changes = ({ changes, isOpen = false }: ChangesProps) =>
  changes.length === 0 ? null : (
    <details open={isOpen}>
      <summary>{changes.length}</summary>
      <ul class="words">
        {changes.map(({ path, before, after }) => (
          <li>
            {path} {textOf(before)} → {textOf(after)}
          </li>
        ))}
      </ul>
    </details>
  );

const textOf = (value: Change["before"]): string =>
  value === undefined ? "(none)" : JSON.stringify(value);
