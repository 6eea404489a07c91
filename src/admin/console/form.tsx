// Parts of the console's forms, which work without JavaScript.
import type { Issue } from "../../errors.ts";

/** Says what is wrong with a form that was sent. */
export const Faults = ({ issues = [] }: { issues: readonly Issue[] | undefined }) =>
  issues.length === 0 ? null : (
    <div class="fault" role="alert">
      {issues.map(({ path, message }) => (
        <p>{path === "" ? message : `${path}: ${message}`}</p>
      ))}
    </div>
  );

interface FieldProps {
  name: string;
  label: string;
  hint: string;
  value?: string | undefined;
  type?: string;
  required?: boolean;
}

export const Field = ({ name, label, hint, value = "", type = "text", required }: FieldProps) => (
  <label>
    <span>
      {label} <small id={`${name}-hint`}>{hint}</small>
    </span>
    <input
      {...{ name, value, type, required }}
      {...(type === "number" ? { step: "any", min: "0" } : {})}
      autocomplete="off"
      aria-describedby={`${name}-hint`}
    />
  </label>
);
