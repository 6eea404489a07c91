// The types of the parser, which it does not bring.
declare module "parse-prometheus-text-format" {
  export default function parse(text: string): {
    name: string;
    help: string;
    type: string;
    metrics: { labels?: Record<string, string>; value?: string }[];
  }[];
}
