// Components that several pages of the console share.
import type { Child } from "hono/jsx";
import { formatTime } from "../../pages/format.ts";

/** When a figure was read. The script replaces the text by its age. */
export const Age = ({ asOf }: { asOf: string }) => (
  <time class="age" datetime={asOf} data-age>
    {`as of ${asOf.slice(11, 19)} UTC`}
  </time>
);

/** A time that the script shows in the operator's time zone. */
export const LocalTime = ({ at }: { at: string }) => (
  <time datetime={at} data-local>
    {formatTime(at)}
  </time>
);

const numbers = new Intl.NumberFormat("en");

/** A number, or a dash for what is not known. */
export const Count = ({ value }: { value: number | null | undefined }) =>
  value === null || value === undefined ? (
    <span>
      <span aria-hidden="true">–</span>
      <span class="sr">unknown</span>
    </span>
  ) : (
    <data value={String(value)}>{numbers.format(value)}</data>
  );

interface TableProps {
  caption: string;
  /** The columns. All but the first are numbers. */
  head: string[];
  rows: Child[][];
}

/** A table that scrolls by itself on a narrow screen, by keyboard too. */
export const Table = ({ caption, head, rows }: TableProps) => (
  <section class="table" aria-label={caption} tabindex={0}>
    <table>
      <caption class="sr">{caption}</caption>
      <thead>
        <tr>
          {head.map((title) => (
            <th scope="col">{title}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(([first, ...rest]) => (
          <tr>
            <th scope="row">{first}</th>
            {rest.map((cell) => (
              <td>{cell}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  </section>
);

/** Named figures. */
export const Facts = ({ facts }: { facts: [string, Child][] }) => (
  <dl class="facts">
    {facts.map(([name, value]) => (
      <div>
        <dt>{name}</dt>
        <dd>{value}</dd>
      </div>
    ))}
  </dl>
);
