/** Answers for where comments live in the AST: each goes to the declaration, statement or entry it stands by. */
import type { IToken } from 'chevrotain';
import { children, walk, type Block, type Comments, type File, type Node } from './ast.ts';
import type { LexedText } from './tokens.ts';

type Commented = Extract<Node, { comments: Comments }>;

/** The comments of a node while they are gathered. */
interface Gathering {
  gap: boolean;
  readonly detached: string[][];
  readonly before: string[];
  after: string | undefined;
  readonly below: string[];
}

/** Makes the comments of a node that has none so far. */
export function noComments(): Comments {
  const none: Gathering = { gap: false, detached: [], before: [], after: undefined, below: [] };
  return none;
}

/** Opens the comments of a fresh tree for writing; `noComments` made them. */
function gathering(node: Commented): Gathering {
  return node.comments as Gathering;
}

/** Puts the comments and blank lines of a text into the fresh tree that was parsed from it; returns the tree. */
export function attachComments(file: File, lexed: LexedText): File {
  const trailing: string[] = [];
  for (const group of groupComments(lexed)) {
    const host = group.behind === undefined ? undefined : nodeEndingAt(file, group.behind);
    if (host !== undefined && host.comments.after === undefined) {
      gathering(host).after = group.lines.join(' ');
    } else {
      placeGroup(file, group, trailing);
    }
  }
  walk(file, (node) => markGaps(node, file.source.text, lexed));
  return { ...file, trailing };
}

/** Comment lines without anything between them. */
interface Group {
  readonly lines: readonly string[];
  readonly start: number;
  readonly end: number;
  /** Where the code ends that the comment stands behind, for a comment that shares a line with code. */
  readonly behind: number | undefined;
}

/** Gathers comments on successive lines; one that stands behind code is a group of its own. */
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
      groups[groups.length - 1] = { ...last, lines: [...last.lines, text], end };
    } else {
      groups.push({ lines: [text], start, end, behind });
    }
    lastLine = line;
  }
  return groups;
}

/** Gives the end of the code before token `next` if it ends on `line`; a comma belongs to what it follows. */
function codeBefore(tokens: readonly IToken[], next: number, line: number): number | undefined {
  const previous = tokens[next - 1];
  if (previous === undefined || previous.endLine !== line) return undefined;
  const code = previous.image === ',' ? (tokens[next - 2] ?? previous) : previous;
  return code.startOffset + code.image.length;
}

/** Finds the nearest nodes below `node` that carry comments. */
function commentedChildren(node: Node): Commented[] {
  return children(node).flatMap((child) => ('comments' in child ? [child] : commentedChildren(child)));
}

/** Finds the outermost node that ends at an offset. */
function nodeEndingAt(node: Node, offset: number): Commented | undefined {
  for (const child of commentedChildren(node)) {
    if (child.span.end === offset) return child;
    if (child.span.start < offset && offset < child.span.end) return nodeEndingAt(child, offset);
  }
  return undefined;
}

/**
 * Gives a group to the next child of the smallest node around it, else to that node's last child, else to the node
 * itself. Comments inside a header or an expression have no line of their own in print: they move above the node.
 */
function placeGroup(file: File, group: Group, trailing: string[]): void {
  let host: File | Commented = file;
  let inner: Commented | undefined;
  do {
    inner = commentedChildren(host).find(
      (child) => child.span.start < group.start && group.end <= child.span.end,
    );
    host = inner ?? host;
  } while (inner !== undefined);

  if (host.kind === 'block' && group.start > host.name.span.end && group.start < listEnd(host)) {
    placeInList(host, group);
    return;
  }
  if (host.kind !== 'file' && group.start < headerEnd(host)) {
    gathering(host).before.push(...group.lines);
    return;
  }
  const inside = commentedChildren(host).filter(({ kind }) => kind !== 'parameter');
  const following = inside
    .filter((child) => child.span.start >= group.end)
    .sort((a, b) => a.span.start - b.span.start)[0];
  const between = file.source.text.slice(group.end, following?.span.start);
  // A closing brace in between ends the branch of an `if` that the comment stands in.
  const isNext = following !== undefined && !between.replace(/#.*/g, '').includes('}');
  if (isNext) {
    if (hasBlankLine(between)) gathering(following).detached.push([...group.lines]);
    else gathering(following).before.push(...group.lines);
    return;
  }
  // Without a next one all are before it, and the last is the last printed: settings of `train` come first.
  const before = following === undefined ? inside : inside.filter(({ span }) => span.end <= group.start);
  const last = before.at(-1);
  if (host.kind === 'file') trailing.push(...group.lines);
  else gathering(last ?? host)[last === undefined ? 'before' : 'below'].push(...group.lines);
}

/** Gives a group between the parentheses of a block to the next parameter, else to the last, else to the block. */
function placeInList(block: Block, group: Group): void {
  const { parameters } = block;
  const following = parameters.find(({ span }) => span.start >= group.end);
  const last = parameters.at(-1);
  if (following === undefined && last !== undefined) gathering(last).below.push(...group.lines);
  else if (following === undefined) gathering(block).before.push(...group.lines);
  else if (hasBlankLine(block.span.source.text.slice(group.end, following.span.start)))
    gathering(following).detached.push([...group.lines]);
  else gathering(following).before.push(...group.lines);
}

/** Gives the place of the parenthesis that closes a block's parameters. */
function listEnd({ name, parameters, span }: Block): number {
  const start = parameters.at(-1)?.span.end ?? name.span.end;
  const rest = span.source.text.slice(start, span.end).replace(/#.*/g, (text) => ' '.repeat(text.length));
  return start + rest.indexOf(')');
}

/** Gives the end of what is known of a node's part before its `{`; comments inside a parameter belong to all of it. */
function headerEnd(node: Commented): number {
  if (node.kind === 'parameter') return node.span.end;
  const heads = children(node).filter(
    (child) => !('comments' in child) && child.kind !== 'record' && child.kind !== 'type',
  );
  const result = node.kind === 'block' ? node.result : undefined;
  return (result ?? heads.at(-1))?.span.end ?? node.span.start;
}

/** Marks the nodes that a blank line sets off. Declarations are always printed apart, so theirs say nothing. */
function markGaps(node: Node, text: string, lexed: LexedText): void {
  for (const run of runs(node)) {
    for (const child of run.slice(1)) {
      const { start } = child.span;
      const end = Math.max(0, ...run.map(({ span }) => span.end).filter((other) => other <= start));
      const comment = lexed.comments.find(
        ({ startOffset }) => end <= startOffset && startOffset < start && standsAlone(text, startOffset),
      );
      if (/\n[ \t\r]*\n[ \t]*$/.test(text.slice(end, comment?.startOffset ?? start))) {
        gathering(child).gap = true;
      }
    }
  }
}

/** Lists the runs of nodes that are printed line by line. */
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
      // In the order of printing.
      return [[...node.settings, ...node.optimizers]];
    case 'record':
      return [node.entries];
    default:
      return [];
  }
}

/** Says whether only blanks stand before an offset on its line. */
function standsAlone(text: string, offset: number): boolean {
  return text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset).trim() === '';
}

/** Says whether a stretch of comments, commas and white space holds an empty line. */
function hasBlankLine(between: string): boolean {
  return /\n[ \t\r]*\n/.test(between);
}
