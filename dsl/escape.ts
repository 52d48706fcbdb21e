/**
 * Answers for text that comes from users (sources, names, paths, arguments) where it leaves the program: one function for each
 * medium makes it mean nothing but itself there. It is applied at the border, where a line, cell or page is written.
 */

/**
 * What a reader does not see or what changes how the rest is shown: controls (C0, DEL, C1), format characters (the bidirectional
 * ones, zero-width ones, byte order marks, tags), separators of lines and paragraphs, halves of surrogate pairs, blank letters.
 */
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/gu;

/** Shows what cannot be seen by its number, such as `\u{1b}`; line breaks and tabs as well. */
export function visible(text: string): string {
  return text.replace(unseen, numbered);
}

/** Shows what cannot be seen by its number, except for line breaks and tabs. */
export function visibleLines(text: string): string {
  return text.replace(unseen, (sign) => (sign === '\n' || sign === '\t' ? sign : numbered(sign)));
}

function numbered(sign: string): string {
  return `\\u{${(sign.codePointAt(0) ?? 0).toString(16)}}`;
}

/** The colors and styles that the program itself uses (ECMA-48, SGR); no other sequence reaches a terminal. */
const ownStyles = new RegExp(`${'\u001b'}\\[(?:0|1|2|22|3[1-6]|39|90)m`, 'g');

/** Makes text safe for a terminal; `styled` lets the program's own colors pass. Lines and tabs stay. */
export function forTerminal(text: string, styled: boolean): string {
  if (!styled) return visibleLines(text);
  const styles = text.match(ownStyles) ?? [];
  return text
    .split(ownStyles)
    .map((part, index) => visibleLines(part) + (styles[index] ?? ''))
    .join('');
}

/** Writes JSON text in characters that command a terminal nothing; it stands for the same value. */
export function jsonForTerminal(json: string): string {
  const unit = (sign: string): string => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`;
  // Only line breaks and tabs stand outside of strings, where an escape would be none.
  return json.replace(unseen, (sign) => (sign === '\n' ? sign : sign.split('').map(unit).join('')));
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Makes text safe for HTML, SVG and other XML, in elements and in quoted attributes. */
export function forHtml(text: string): string {
  return visibleLines(text).replace(/[&<>"']/g, (sign) => entities[sign] ?? sign);
}

/**
 * Makes text safe for a line or table cell of Markdown (CommonMark and GitHub's tables): no HTML, link, image, emphasis, code or
 * further cell. A `_` inside a word means nothing there and stays.
 */
export function forMarkdown(text: string): string {
  return visible(text).replace(
    /[\\`*[\]<>|~&$@]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])|:(?=\/\/)|(?<=www)\./giu,
    '\\$&',
  );
}

/** Makes a text safe for a field of CSV (RFC 4180): quoted where it must be, and no formula for a spreadsheet. */
export function forCsv(text: string): string {
  const shown = text.replace(unseen, (sign) => (/[\t\r\n]/.test(sign) ? sign : numbered(sign)));
  const plain = /^(?:\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n])/.test(shown) ? `'${shown}` : shown;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

const latexSigns: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '|': '\\textbar{}',
  '±': '$\\pm$',
  '−': '$-$',
  '–': '--',
  '×': '$\\times$',
};

/** Makes text safe for LaTeX: every sign stands for itself. Quotation marks open at the start of words, and close elsewhere. */
export function forLatex(text: string): string {
  return visible(text)
    .replace(/[\\~^&%$#_{}<>|±−–×]/g, (sign) => latexSigns[sign] ?? `\\${sign}`)
    .replace(/(?<![\p{L}\p{N}.,;!?)\]}'"])"(?=\S)/gu, '``')
    .replaceAll('"', "''");
}
