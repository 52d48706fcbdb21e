/** Defines diagnostics (errors and warnings about a spec) as data, and renders them with code frames. */
import pc from 'picocolors';
import { visible } from './escape.ts';
import { hintFields, type Edit, type Hint } from './fix.ts';
import { formatPlace, lineAt, positionAt, type Source, type Span } from './source.ts';

/** The most mistakes reported for one text. */
export const mostMistakes = 1000;

export type Severity = 'error' | 'warning';

/** A place that belongs to a diagnostic, with a few words on its role. */
export interface SpanLabel {
  readonly span: Span;
  readonly text: string;
}

/** One mistake: what is wrong, where, what was found and expected, and one thing to try. */
export interface Diagnostic {
  /** Stable kebab-case name, for example `unknown-name`. */
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
  /** The place of the mistake; undefined if the message is about the whole input. */
  readonly span: Span | undefined;
  /** Further places, such as the first of two declarations or the operands whose shapes differ. */
  readonly labels: readonly SpanLabel[];
  /** Lines after `=`: the violated constraint, what was found, what was expected. */
  readonly notes: readonly string[];
  readonly hint: string | undefined;
  /** The hint's change as edits; empty if the hint is only advice. */
  readonly fix: readonly Edit[];
}

/** The optional parts of a diagnostic. */
export interface Remarks {
  readonly notes?: readonly string[];
  readonly hint?: Hint | string | undefined;
  readonly labels?: readonly SpanLabel[];
}

/**
 * Makes an error with a stable `code`; without a `span` it is about the whole input, or about something that is not a
 * source text.
 */
export function error(
  code: string,
  message: string,
  span: Span | undefined,
  remarks: Remarks = {},
): Diagnostic {
  return diagnose('error', code, message, span, remarks);
}

/** Makes a warning with a stable `code`, for something that is legal but rarely meant. */
export function warning(
  code: string,
  message: string,
  span: Span | undefined,
  remarks: Remarks = {},
): Diagnostic {
  return diagnose('warning', code, message, span, remarks);
}

function diagnose(
  severity: Severity,
  code: string,
  message: string,
  span: Span | undefined,
  { labels = [], notes = [], hint }: Remarks,
): Diagnostic {
  return { code, severity, message, span, labels, notes, ...hintFields(hint) };
}

/** How diagnostics are shown. */
export interface RenderOptions {
  /** Whether to color the text for a terminal. */
  readonly color: boolean;
}

/** Lines longer than this are shown in part, around the underlined place. */
const frameWidth = 110;
const tabWidth = 4;
/** Remarks are cut at this length: they may quote a name of any length. */
const longestRemark = 4000;

type Colors = ReturnType<typeof pc.createColors>;

/** Renders a diagnostic without its places: the message, the notes and the hint, one line each. */
export function describeDiagnostic(diagnostic: Diagnostic): string {
  return [remarkOf(diagnostic.message), ...remarksOf(diagnostic, pc.createColors(false))].join('\n');
}

/** Renders a diagnostic with the lines that it is about, each place underlined; without a final line break. */
export function renderDiagnostic(diagnostic: Diagnostic, { color }: RenderOptions): string {
  const colors = pc.createColors(color);
  const tint = diagnostic.severity === 'error' ? colors.red : colors.yellow;
  const title = `${tint(`${diagnostic.severity}[${diagnostic.code}]`)}: ${remarkOf(diagnostic.message)}`;
  const remarks = remarksOf(diagnostic, colors);

  const marks: Mark[] = diagnostic.labels.map(({ span, text }) => ({
    span,
    text: remarkOf(text),
    sign: '-',
    tint: colors.cyan,
  }));
  if (diagnostic.span !== undefined) marks.unshift({ span: diagnostic.span, text: '', sign: '^', tint });
  const margin = Math.max(
    1,
    ...marks.map(({ span }) => String(positionAt(span.source, span.start).line).length),
  );
  const sources = [...new Set(marks.map(({ span }) => span.source))];
  const frames = sources.flatMap((source) =>
    renderFrame(
      marks.filter(({ span }) => span.source === source),
      margin,
      colors,
    ),
  );

  if (frames.length === 0) return [title, ...remarks].join('\n');
  const gutter = ' '.repeat(margin + 1);
  return [title, ...frames, ...remarks.map((remark) => `${gutter}${colors.dim('=')} ${remark}`)].join('\n');
}

/** Renders a warning without a place, for a log. */
export function warningText(code: string, message: string, hint?: string): string {
  return renderDiagnostic(warning(code, message, undefined, { hint }), { color: false });
}

/** Renders diagnostics in source order and a closing line with their count; gives an empty text for none. */
export function renderDiagnostics(diagnostics: readonly Diagnostic[], options: RenderOptions): string {
  if (diagnostics.length === 0) return '';
  const count = (severity: Severity): string => {
    const number = diagnostics.filter((diagnostic) => diagnostic.severity === severity).length;
    return number === 0 ? '' : `${number} ${severity}${number === 1 ? '' : 's'}`;
  };
  const total = [count('error'), count('warning')].filter((text) => text !== '').join(', ');
  const texts = sortDiagnostics(diagnostics).map((diagnostic) => renderDiagnostic(diagnostic, options));
  return `${[...texts, total].join('\n\n')}\n`;
}

/** Sorts by file in the order of first mention, then by place; those without a place come first. */
export function sortDiagnostics(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const sources = new Set(diagnostics.flatMap(({ span }) => span?.source ?? []));
  const places = new Map([...sources].map((source, index) => [source, index]));
  const file = ({ span }: Diagnostic): number => (span === undefined ? -1 : (places.get(span.source) ?? -1));
  const start = ({ span }: Diagnostic): number => span?.start ?? -1;
  return diagnostics.toSorted((a, b) => file(a) - file(b) || start(a) - start(b));
}

function remarksOf({ notes, hint }: Diagnostic, colors: Colors): string[] {
  return [
    ...notes.map(remarkOf),
    ...(hint === undefined ? [] : [`${colors.green('hint')}: ${remarkOf(hint)}`]),
  ];
}

/** Writes a remark on one line, cut at `longestRemark`. */
function remarkOf(text: string): string {
  return visible(text.length > longestRemark ? `${text.slice(0, longestRemark)}…` : text);
}

/** Gives the column of the start of a place, from 0. */
function columnOf({ source, start }: Span): number {
  return positionAt(source, start).column - 1;
}

/** A place to underline. */
interface Mark {
  readonly span: Span;
  readonly text: string;
  readonly sign: '^' | '-';
  readonly tint: (text: string) => string;
}

/** Shows the marked lines of one source, under its name. */
function renderFrame(marks: readonly Mark[], margin: number, colors: Colors): string[] {
  const [main] = marks;
  if (main === undefined) return [];
  const bar = colors.dim('|');
  const gutter = ' '.repeat(margin + 1);
  const frame = [`${' '.repeat(margin + 1)}${colors.dim(formatPlace(main.span))}`, `${gutter}${bar}`];
  const lines = [...new Set(marks.map(({ span }) => positionAt(span.source, span.start).line))].sort(
    (a, b) => a - b,
  );
  for (const [position, line] of lines.entries()) {
    const previous = lines[position - 1];
    // A single skipped line is shown: its placeholder would take as much room.
    if (previous !== undefined && line === previous + 2)
      frame.push(numbered(main.span.source, line - 1, []).text);
    else if (previous !== undefined && line > previous + 2)
      frame.push(`${' '.repeat(margin)}${colors.dim('...')}`);
    const here = marks.filter(({ span }) => positionAt(span.source, span.start).line === line);
    const { text, underlines } = numbered(main.span.source, line, here);
    frame.push(text, ...underlines);
  }
  return frame;

  function numbered(
    source: Source,
    line: number,
    here: readonly Mark[],
  ): { text: string; underlines: string[] } {
    const shown = showLine(source, line, here);
    return {
      text: `${colors.dim(`${String(line).padStart(margin)} |`)} ${shown.text}`.trimEnd(),
      underlines: renderMarks(shown.places).map((row) => `${gutter}${bar} ${row}`),
    };
  }
}

/** A mark with the columns of the shown line it covers, from 0, `end` exclusive. */
interface MarkedColumns {
  readonly mark: Mark;
  readonly start: number;
  readonly end: number;
}

/** Expands the tabs of a line and cuts it down to what fits, and finds the columns of its marks. */
function showLine(
  source: Source,
  line: number,
  marks: readonly Mark[],
): { text: string; places: MarkedColumns[] } {
  const whole = lineAt(source, line);
  // For a very long line, only the part around the first mark is processed.
  const from = marks[0] === undefined ? 0 : columnOf(marks[0].span);
  const skipped = Math.max(0, from - 2 * frameWidth);
  const raw = whole.slice(skipped, from + 2 * frameWidth);
  const expand = (part: string): string => part.split('\t').map(visible).join(' '.repeat(tabWidth));
  const text = expand(raw);
  const places = marks.map((mark) => {
    const first = columnOf(mark.span) - skipped;
    // A place of several lines is underlined on its first line.
    const last = Math.max(first, Math.min(raw.length, first + mark.span.end - mark.span.start));
    const start = expand(raw.slice(0, Math.max(0, first))).length;
    return { mark, start, end: Math.max(start + 1, expand(raw.slice(0, Math.max(0, last))).length) };
  });
  if (text.length <= frameWidth) return { text, places };

  // The message is about the first mark; other marks are shown if they fit.
  const focus = places[0]?.start ?? 0;
  const left = Math.max(0, Math.min(focus - Math.floor(frameWidth / 3), text.length - frameWidth));
  const right = left + frameWidth;
  const window = text.slice(left === 0 ? 0 : left + 1, right >= text.length ? undefined : right - 1);
  return {
    text: `${left === 0 ? '' : '…'}${window}${right >= text.length ? '' : '…'}`,
    places: places
      .filter(({ start }) => left <= start && start <= right)
      .map(({ mark, start, end }) => ({ mark, start: start - left, end: Math.min(end, right + 1) - left })),
  };
}

/** Underlines the marks of a line: the last mark's text follows its underline, the other texts go on lines below. */
function renderMarks(places: readonly MarkedColumns[]): string[] {
  const sorted = places.toSorted((a, b) => a.start - b.start);
  let row = '';
  let column = 0;
  for (const { mark, start, end } of sorted) {
    const from = Math.max(start, column);
    if (end <= from) continue;
    row += ' '.repeat(from - column) + mark.tint(mark.sign.repeat(end - from));
    column = end;
  }
  const last = sorted.at(-1);
  const rows = [
    last === undefined || last.mark.text === '' ? row : `${row} ${last.mark.tint(last.mark.text)}`,
  ];
  const hanging = sorted.slice(0, -1).filter(({ mark }) => mark.text !== '');
  for (const { mark, start } of hanging.toReversed()) rows.push(' '.repeat(start) + mark.tint(mark.text));
  return last === undefined ? [] : rows;
}
