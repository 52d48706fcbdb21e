/** Highlights a spec's source for a page, by a tokenizer that accepts any text. */
import { html, type Markup } from '../base/html.ts';

// Alternatives are tried in order: a keyword inside a comment or a string is not highlighted.
const TOKEN = new RegExp(
  [
    /(?<comment>#[^\n]*)/,
    /(?<string>"(?:[^"\\\n]|\\.)*"?)/,
    /(?<number>\b\d+x\d+\b|\b\d+(?:\.\d+)?(?:e[+-]?\d+)?\b)/,
    /(?<keyword>\b(?:use|block|network|experiment|data|let|loss|train|optimize|with|as|return|if|then|else|for|in|and|or|not|true|false|none)\b)/,
    /(?<type>\b[A-Z]\w*)/,
    /(?<call>\b[a-z_]\w*(?=\())/,
    /(?<pipe>\|>)/,
  ]
    .map((part) => part.source)
    .join('|'),
  'g',
);

/** Renders source text as markup in which comments, strings, numbers, keywords, types, calls and pipes are spans. */
export function highlight(source: string): Markup {
  const parts: (Markup | string)[] = [];
  let end = 0;
  for (const match of source.matchAll(TOKEN)) {
    const kind = Object.entries(match.groups ?? {}).find(([, text]) => text !== undefined)?.[0];
    parts.push(source.slice(end, match.index), html`<span class="${kind}">${match[0]}</span>`);
    end = match.index + match[0].length;
  }
  parts.push(source.slice(end));
  return html`${parts}`;
}
