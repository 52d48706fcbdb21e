/**
 * Escapes text from users (sources, names, paths, arguments) for each output medium: terminal, JSON, HTML, Markdown,
 * CSV, LaTeX. Text is escaped where a line, cell or page is written, not earlier.
 */

/**
 * Characters that are invisible or change how the rest is shown: controls (C0, DEL, C1), format characters
 * (bidirectional, zero-width, byte order marks, tags), line and paragraph separators, lone surrogates, blank letters.
 */
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/gu;

/** Replaces invisible characters, line breaks and tabs included, by their code points, such as `\u{1b}`. */
export function visible(text: string): string {
  return text.replace(unseen, numbered);
}

/** Replaces invisible characters except line breaks and tabs by their code points. */
export function visibleLines(text: string): string {
  return text.replace(unseen, (sign) => (sign === '\n' || sign === '\t' ? sign : numbered(sign)));
}

function numbered(sign: string): string {
  return `\\u{${(sign.codePointAt(0) ?? 0).toString(16)}}`;
}

/** The colors and styles that Spadework itself uses (ECMA-48, SGR); no other escape sequence reaches a terminal. */
const ownStyles = new RegExp(`${'\u001b'}\\[(?:0|1|2|22|3[1-6]|39|90)m`, 'g');

/** Escapes text for a terminal; `styled` keeps Spadework's own colors. Line breaks and tabs stay. */
export function forTerminal(text: string, styled: boolean): string {
  if (!styled) return visibleLines(text);
  const styles = text.match(ownStyles) ?? [];
  return text
    .split(ownStyles)
    .map((part, index) => visibleLines(part) + (styles[index] ?? ''))
    .join('');
}

/** Escapes JSON text for a terminal; it still encodes the same value. */
export function jsonForTerminal(json: string): string {
  const unit = (sign: string): string => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`;
  // Line breaks and tabs occur only outside of strings, where an escape would be invalid JSON.
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
 * Escapes text for a line or table cell of Markdown (CommonMark and GitHub's tables), so that it makes no HTML, link,
 * image, emphasis, code or new cell. A `_` inside a word has no meaning there and stays.
 */
export function forMarkdown(text: string): string {
  return visible(text).replace(
    /[\\`*[\]<>|~&$@]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])|:(?=\/\/)|(?<=www)\./giu,
    '\\$&',
  );
}

/**
 * Escapes text for a field of CSV (RFC 4180): quotes it where needed, and keeps spreadsheets from reading it as a
 * formula.
 */
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

/** Escapes text for LaTeX. Quotation marks open at the start of words and close elsewhere. */
export function forLatex(text: string): string {
  return visible(text)
    .replace(/[\\~^&%$#_{}<>|±−–×]/g, (sign) => latexSigns[sign] ?? `\\${sign}`)
    .replace(/(?<![\p{L}\p{N}.,;!?)\]}'"])"(?=\S)/gu, '``')
    .replaceAll('"', "''");
}
