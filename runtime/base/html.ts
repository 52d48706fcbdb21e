/** Builds HTML from templates: every value that is not markup is escaped. */
import { forHtml } from '../../dsl/escape.ts';

/** Text that is HTML already, and is not escaped again. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  toString(): string {
    return this.text;
  }
}

/** What an `html` template accepts; `undefined` and `false` render as nothing. */
export type Content = Markup | string | number | undefined | false | readonly Content[];

/** Builds markup from a template; values that are not markup are escaped. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return new Markup(strings.reduce((text, part, i) => text + render(values[i - 1]) + part));
}

function render(content: Content): string {
  if (content === undefined || content === false) return '';
  if (content instanceof Markup) return content.text;
  if (typeof content === 'string' || typeof content === 'number') return forHtml(String(content));
  return content.map(render).join('');
}
