// The error page, for refusals and unknown paths.
import { renderDocument } from "./layout.tsx";

/** The error page: what went wrong, and a link to the sales. */
export function renderError(title: string, text: string): Promise<string> {
  return renderDocument({
    title,
    personal: true,
    children: (
      <div class="page narrow">
        <h1>{title}</h1>
        <p>{text}</p>
        <p>
          <a class="action" href="/">
            See all sales
          </a>
        </p>
      </div>
    ),
  });
}
