/** Answers for turning values into HTML text: whatever is not already markup is escaped, so nothing has to be remembered. */
import { forHtml } from '../../dsl/escape.ts';

/** Holds text that is HTML already and must not be escaped again. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  toString(): string {
    return this.text;
  }
}

/** Lists what may stand in an `html` template; `undefined` and `false` leave nothing behind. */
export type Content = Markup | string | number | undefined | false | readonly Content[];

/** Builds markup from a template; every value that is not markup is escaped. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return new Markup(strings.reduce((text, part, i) => text + render(values[i - 1]) + part));
}

function render(content: Content): string {
  if (content === undefined || content === false) return '';
  if (content instanceof Markup) return content.text;
  if (typeof content === 'string' || typeof content === 'number') return forHtml(String(content));
  return content.map(render).join('');
}
