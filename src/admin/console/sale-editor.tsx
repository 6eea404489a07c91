// The editor of a sale: one form with a fault beside each field, what somebody else changed meanwhile, and a preview of the page.
import type { Change } from "../../catalog/log-entry.ts";
import type { Issue } from "../../http/errors.ts";
import { editorScriptUrl } from "../../pages/assets.ts";
import { ANSWER, Done, Faults, Field } from "./form.tsx";
import { renderConsole } from "./layout.tsx";
import { Table } from "./parts.tsx";
import { About, Admission, Fault, Schedule, type Shown } from "./sale-fields.tsx";
import { Item, Product, RowButton } from "./sale-row-fields.tsx";
import { rowsOf } from "./sale-rows.ts";

/** The contents of an editor. */
export interface Editing extends Omit<Shown, "operator"> {
  /** The path of the page, which the form is sent to. */
  path: string;
  etag: string;
  /** The id of the sale that a new one is copied from. */
  from?: string;
  reason?: string;
  /** Effects of what was saved that the operator may not expect. */
  warnings?: readonly Issue[];
  /** Somebody else's version and this one, where they differ. Null: they deleted the sale. */
  conflict?: readonly Change[] | null;
  isSaved?: boolean;
}

type EditorProps = Editing & Shown;

export function renderEditor(props: EditorProps): Promise<string> {
  const { saleId, issues = [] } = props;
  const title = saleId === undefined ? "New sale" : `Edit ${saleId}`;
  const isShown = ({ path }: Issue) =>
    path === "skus" || path === "products" || path in props.texts;
  return renderConsole({
    title,
    operator: props.operator,
    scripts: [editorScriptUrl()],
    children: (
      <>
        <h1>{title}</h1>
        <p class="links">
          <a href="/admin">All sales</a>
          {saleId === undefined ? null : (
            <>
              <a href={`/admin/sales/${saleId}`}>Figures</a>
              <a href={`/sales/${saleId}`}>Sale page</a>
            </>
          )}
        </p>
        <Done
          text={props.isSaved ? "Saved. Every page shows it within five seconds." : undefined}
        />
        <Faults issues={props.warnings} />
        <Conflict {...props} />
        {issues.length > 0 ? (
          <p class="fault" role="alert" {...ANSWER}>
            Nothing is saved yet: see the fields below.
          </p>
        ) : null}
        <Faults issues={issues.filter((issue) => !isShown(issue))} />
        <Form {...props} />
      </>
    ),
  });
}

const Conflict = ({ conflict, path }: EditorProps) =>
  conflict === undefined ? null : (
    <section class="fault" role="alert" {...ANSWER}>
      <p>
        <strong>Not saved.</strong>{" "}
        {conflict === null
          ? "Somebody else deleted this sale meanwhile. Saving creates it again, without settings that this form does not show."
          : "Somebody else changed this sale meanwhile. Your input is below. Saving it now replaces theirs."}
      </p>
      {conflict ? (
        <Table
          caption="Differences"
          head={["Value", "Theirs, saved", "Yours, not saved"]}
          rows={conflict.map(({ path, before, after }) => [path, words(before), words(after)])}
        />
      ) : null}
      {conflict ? (
        <p>
          <a href={path}>Discard mine</a>
        </p>
      ) : null}
    </section>
  );

const words = (value: Change["before"]) => (
  <bdi class="words">{value === undefined ? "(none)" : String(value)}</bdi>
);

const Form = (props: EditorProps) => {
  const { operator, path, texts, etag, from = "", reason } = props;
  const isReadOnly = operator.role !== "operator";
  return (
    <form class="editor" method="post" action={path} novalidate data-editor>
      {/* Enter in a field presses the first button of a form. */}
      <button type="submit" name="step" value="save" class="sr" tabindex={-1}>
        Save
      </button>
      <input type="hidden" name="etag" value={etag} />
      <input type="hidden" name="from" value={from} />
      <fieldset class="change" disabled={isReadOnly}>
        <About {...props} />
        <Schedule {...props} />
        <Admission {...props} />
        <h2>Products</h2>
        <p>Items that are options of one thing, such as sizes, share a product and its card.</p>
        {rowsOf(texts, "products").map((_, at) => (
          <Product {...{ ...props, at }} />
        ))}
        <Fault name="products" of={props} />
        <RowButton {...{ of: props, step: "add.products", label: "Add a product" }} />
        <h2>Items</h2>
        {rowsOf(texts, "skus").map((_, at) => (
          <Item {...{ ...props, at }} />
        ))}
        <Fault name="skus" of={props} />
        <RowButton {...{ of: props, step: "add.skus", label: "Add an item" }} />
        {isReadOnly ? null : (
          <>
            <Field
              {...{ name: "reason", label: "Reason", value: reason, maxlength: 500 }}
              hint="For the log. Buyers do not see it."
            />
            <p class="links">
              <button type="submit" name="step" value="save">
                Save
              </button>
              <button type="submit" name="step" value="preview" formtarget="preview" class="quiet">
                Preview
              </button>
            </p>
          </>
        )}
      </fieldset>
      {isReadOnly ? null : <Preview />}
    </form>
  );
};

/** The draft's page, without scripts and forms: it cannot sell. The script keeps it current. */
const Preview = () => (
  <section aria-label="Preview">
    <h2>Preview</h2>
    <iframe name="preview" title="Preview of the sale page" sandbox="" data-preview></iframe>
  </section>
);
