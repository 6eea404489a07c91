// Components that several pages of the console share.
import type { Child } from "hono/jsx";
import { formatTime } from "../../pages/format.ts";

/** Characters that nobody sees, such as those that turn the direction of a text. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const codeOf = (character: string): string =>
  `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`;

/** An id that strangers chose. Unseen characters show as their codes, so that no id looks like another one. */
export const Id = ({ children: id }: { children: string }) => (
  <bdi>{id.replace(UNSEEN, codeOf)}</bdi>
);

/** When a figure was read. The script replaces the text by its age. */
export const Age = ({ asOf }: { asOf: string }) => (
  <time class="age" datetime={asOf} data-age>
    {`as of ${asOf.slice(11, 19)} UTC`}
  </time>
);

/** A part of the figures of a sale, with its age. One element, so that what comes and goes in it moves no other part. */
export const Part = ({
  title,
  asOf,
  children,
}: {
  title: string;
  asOf: string;
  children?: Child;
}) => (
  <div>
    <h2>
      {title} <Age asOf={asOf} />
    </h2>
    {children}
  </div>
);

/** The item of a table: its name and its id. */
export const ItemName = ({ id, name }: { id: string; name: string }) => (
  <>
    <bdi>{name}</bdi> <small>{id}</small>
  </>
);

interface StateProps {
  state: string;
  /** ISO 8601. */
  opensAt: string;
  closesAt: string;
  children?: Child;
}

/** The state of a sale and its times. */
export const SaleState = ({ state, opensAt, closesAt, children }: StateProps) => (
  <p class="state">
    <strong data-state={state}>{state}</strong>
    {children}
    <span>
      opens <LocalTime at={opensAt} />
    </span>
    <span>
      closes <LocalTime at={closesAt} />
    </span>
  </p>
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
