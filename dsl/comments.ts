/** Attaches the comments and blank lines of a source text to the nodes of its AST. */
import type { IToken } from 'chevrotain';
import { children, walk, type Block, type Comments, type File, type Node } from './ast.ts';
import type { LexedText } from './tokens.ts';

type Commented = Extract<Node, { comments: Comments }>;

/** The comments of a node while they are collected. */
interface Gathering {
  gap: boolean;
  readonly detached: string[][];
  readonly before: string[];
  after: string | undefined;
  readonly below: string[];
}

/** Makes an empty set of comments. */
export function noComments(): Comments {
  const none: Gathering = { gap: false, detached: [], before: [], after: undefined, below: [] };
  return none;
}

/** Gives the comments of a node of a new tree as writable; `noComments` made them. */
function gathering(node: Commented): Gathering {
  return node.comments as Gathering;
}

/** Attaches the comments and blank lines of a text to the tree parsed from it, in place; returns the tree. */
export function attachComments(file: File, lexed: LexedText): File {
  return new Attachment(file, lexed).attach();
}

/** Successive comment lines with nothing between them. */
interface Group {
  readonly lines: string[];
  readonly start: number;
  end: number;
  /** Where the code before the comment ends, if the comment shares a line with code. */
  readonly behind: number | undefined;
}

/** Groups comments on successive lines; a comment after code is a group of its own. */
function groupComments({ tokens, comments }: LexedText): Group[] {
  const groups: Group[] = [];
  let next = 0;
  let lastLine = -1;
  for (const comment of comments) {
    while ((tokens[next]?.startOffset ?? Infinity) < comment.startOffset) next += 1;
    const line = comment.startLine ?? 0;
    const start = comment.startOffset;
    const end = start + comment.image.length;
    const text = comment.image.slice(1).replace(/^ /, '').trimEnd();
    const behind = codeBefore(tokens, next, line);
    const last = groups.at(-1);
    if (last !== undefined && last.behind === undefined && behind === undefined && line === lastLine + 1) {
      last.lines.push(text);
      last.end = end;
    } else {
      groups.push({ lines: [text], start, end, behind });
    }
    lastLine = line;
  }
  return groups;
}

/** Gives the end of the code before token `next` if that end is on `line`; a comma belongs to the code before it. */
function codeBefore(tokens: readonly IToken[], next: number, line: number): number | undefined {
  const previous = tokens[next - 1];
  if (previous === undefined || previous.endLine !== line) return undefined;
  const code = previous.image === ',' ? (tokens[next - 2] ?? previous) : previous;
  return code.startOffset + code.image.length;
}

/** Lists the nearest nodes below `node` that carry comments, in the order of the text. */
function commentedBelow(node: Node): Commented[] {
  return children(node)
    .flatMap((child) => ('comments' in child ? [child] : commentedBelow(child)))
    .sort((a, b) => a.span.start - b.span.start);
}

/** The commented nodes inside a node, in source order; computed once for each node that holds comments. */
interface Inside {
  /** All nodes that carry comments, including those of a parameter list. */
  readonly all: readonly Commented[];
  /** The same without parameters, in the groups in which they are printed. */
  readonly printed: readonly (readonly Commented[])[];
  /** Where the part before the `{` ends and, for a block, where its parameter list ends. */
  readonly headerEnd: number;
  readonly listEnd: number;
}

/** Attaches the comments of one text. Places are found by binary search, as texts may be long. */
class Attachment {
  private readonly trailing: string[] = [];
  private readonly inside = new Map<Node, Inside>();
  private readonly byEnd = new Map<number, Commented>();
  /** The places of closing braces. */
  private readonly braces: readonly number[];
  private readonly blankLines: readonly BlankLine[];

  constructor(
    private readonly file: File,
    private readonly lexed: LexedText,
  ) {
    this.braces = lexed.tokens.filter(({ image }) => image === '}').map(({ startOffset }) => startOffset);
    this.blankLines = blankLinesOf(file.source.text);
  }

  attach(): File {
    const { file, lexed, trailing } = this;
    // Parents are visited first: of several nodes that end at one place, the outermost counts.
    walk(file, (node) => {
      const { end } = node.span;
      if (node.kind !== 'file' && 'comments' in node && !this.byEnd.has(end)) this.byEnd.set(end, node);
    });
    for (const group of groupComments(lexed)) {
      const host = group.behind === undefined ? undefined : this.byEnd.get(group.behind);
      if (host !== undefined && host.comments.after === undefined) {
        gathering(host).after = group.lines.join(' ');
      } else {
        this.place(group);
      }
    }
    walk(file, (node) => this.markGaps(node));
    return { ...file, trailing };
  }

  private insideOf(node: Node): Inside {
    const known = this.inside.get(node);
    if (known) return known;
    const all = commentedBelow(node);
    const rest = all.filter(({ kind }) => kind !== 'parameter');
    // Settings of `train` are printed before its optimizers, in whatever order they were written.
    const isLate = ({ kind }: Commented): boolean => kind === 'optimize';
    const printed =
      node.kind === 'train' ? [rest.filter((one) => !isLate(one)), rest.filter(isLate)] : [rest];
    const made = {
      all,
      printed,
      headerEnd: 'comments' in node ? headerEnd(node) : node.span.start,
      listEnd: node.kind === 'block' ? listEnd(node) : node.span.start,
    };
    this.inside.set(node, made);
    return made;
  }

  /**
   * Gives a group to the next child of the smallest node around it, otherwise to that node's last child, otherwise to
   * the node itself. Comments inside a header or an expression have no line of their own when printed: they move above
   * the node.
   */
  private place(group: Group): void {
    let host: File | Commented = this.file;
    let inner: Commented | undefined;
    do {
      const { all } = this.insideOf(host);
      inner = all[firstAt(all, ({ span }) => span.start >= group.start) - 1];
      if (inner && group.end > inner.span.end) inner = undefined;
      host = inner ?? host;
    } while (inner !== undefined);

    const { all, printed, headerEnd: header, listEnd: list } = this.insideOf(host);
    if (host.kind === 'block' && group.start > host.name.span.end && group.start < list) {
      this.placeInList(host, group);
      return;
    }
    if (host.kind !== 'file' && group.start < header) {
      addLines(gathering(host).before, group);
      return;
    }
    let next = firstAt(all, ({ span }) => span.start >= group.end);
    while (all[next]?.kind === 'parameter') next += 1;
    const following = all[next];
    // A closing brace in between ends the branch of an `if` that the comment stands in.
    if (following !== undefined && !this.hasBrace(group.end, following.span.start)) {
      this.giveTo(following, group);
      return;
    }
    // Without a next child, all children are before the group, and the last one in print order gets it.
    const last =
      following === undefined
        ? printed.findLast((run) => run.length > 0)?.at(-1)
        : printed
            .map((run) => run[firstAt(run, ({ span }) => span.end > group.start) - 1])
            .findLast((one) => one !== undefined);
    if (host.kind === 'file') addLines(this.trailing, group);
    else addLines(gathering(last ?? host)[last === undefined ? 'before' : 'below'], group);
  }

  /**
   * Gives a group inside the parentheses of a block to the next parameter, otherwise to the last one, otherwise to the
   * block.
   */
  private placeInList(block: Block, group: Group): void {
    const { parameters } = block;
    const following = parameters[firstAt(parameters, ({ span }) => span.start >= group.end)];
    const last = parameters.at(-1);
    if (following !== undefined) this.giveTo(following, group);
    else if (last !== undefined) addLines(gathering(last).below, group);
    else addLines(gathering(block).before, group);
  }

  /** Puts a group above the node that follows it. */
  private giveTo(following: Commented, group: Group): void {
    if (this.hasBlankLine(group.end, following.span.start)) {
      gathering(following).detached.push([...group.lines]);
    } else {
      addLines(gathering(following).before, group);
    }
  }

  private hasBrace(start: number, end: number): boolean {
    return (this.braces[firstAt(this.braces, (place) => place >= start)] ?? end) < end;
  }

  /** Says whether a stretch of comments, commas and white space holds an empty line. */
  private hasBlankLine(start: number, end: number): boolean {
    const blank = this.blankLines[firstAt(this.blankLines, (line) => line.start >= start)];
    return blank !== undefined && blank.end < end;
  }

  /** Marks the nodes with a blank line above. Declarations are always printed apart, so they need no mark. */
  private markGaps(node: Node): void {
    const { text } = this.file.source;
    const { comments } = this.lexed;
    for (const run of runs(node)) {
      const ends = run.map(({ span }) => span.end).sort((a, b) => a - b);
      for (const child of run.slice(1)) {
        const { start } = child.span;
        const end = ends[firstAt(ends, (other) => other > start) - 1] ?? 0;
        let next = firstAt(comments, ({ startOffset }) => startOffset >= end);
        while ((comments[next]?.startOffset ?? start) < start && !standsAlone(text, comments[next]))
          next += 1;
        const limit = Math.min(start, comments[next]?.startOffset ?? start);
        if (/\n[ \t\r]*\n[ \t]*$/.test(text.slice(end, limit))) gathering(child).gap = true;
      }
    }
  }
}

/** Appends the lines of a group one by one: a spread could exceed the argument limit of a call. */
function addLines(lines: string[], group: Group): void {
  for (const line of group.lines) lines.push(line);
}

/** Finds the first index at which a test holds, assuming it holds for all later ones; the length if it never holds. */
function firstAt<T>(list: readonly T[], test: (item: T) => boolean): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const item = list[middle];
    if (item !== undefined && test(item)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** An empty line: the line break before it and the one that ends it. */
interface BlankLine {
  readonly start: number;
  readonly end: number;
}

function blankLinesOf(text: string): BlankLine[] {
  return [...text.matchAll(/\n(?=([ \t\r]*)\n)/g)].map(({ index, 1: blanks = '' }) => ({
    start: index,
    end: index + 1 + blanks.length,
  }));
}

/** Gives the place of the parenthesis that closes a block's parameters. */
function listEnd({ name, parameters, span }: Block): number {
  const start = parameters.at(-1)?.span.end ?? name.span.end;
  const rest = span.source.text.slice(start, span.end).replace(/#.*/g, (text) => ' '.repeat(text.length));
  return start + rest.indexOf(')');
}

/** Gives the end of the part before a node's `{`; comments inside a parameter belong to the whole parameter. */
function headerEnd(node: Commented): number {
  if (node.kind === 'parameter') return node.span.end;
  const heads = children(node).filter(
    (child) => !('comments' in child) && child.kind !== 'record' && child.kind !== 'type',
  );
  const result = node.kind === 'block' ? node.result : undefined;
  return (result ?? heads.at(-1))?.span.end ?? node.span.start;
}

/** Lists the groups of nodes that are printed line by line. */
function runs(node: Node): readonly (readonly Commented[])[] {
  switch (node.kind) {
    case 'file':
      return [node.uses];
    case 'block':
      return [node.parameters, node.body];
    case 'for':
      return [node.body];
    case 'if':
      return [node.then, node.otherwise ?? []];
    case 'experiment':
      return [node.items];
    case 'variant':
    case 'case':
    case 'shared':
      return [node.changes];
    case 'ablation':
      return [node.parts];
    case 'train':
      // In print order.
      return [[...node.settings, ...node.optimizers]];
    case 'record':
      return [node.entries];
    default:
      return [];
  }
}

/** Says whether only blanks stand before a comment on its line. */
function standsAlone(text: string, comment: IToken | undefined): boolean {
  const offset = comment?.startOffset ?? 0;
  return text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset).trim() === '';
}
