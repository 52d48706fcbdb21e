/**
 * Parses specs as JSON text: gives the value and the place of each part, and rejects repeated keys, which JSON.parse
 * accepts. The text may be untrusted, so its size and depth are checked first.
 */
import { parseTree, printParseErrorCode, visit, type Node as JsonNode, type ParseError } from 'jsonc-parser';
import type { Diagnostic } from '../../dsl/diagnostic.ts';
import { span as spanIn, type Source, type Span } from '../../dsl/source.ts';
import * as messages from './rules/messages.ts';
import type { Locate } from './rules/rule.ts';

/** The deepest nesting: specs have a few levels, and their readers are recursive. */
const deepest = 100;
/** The most values: a spec has about a dozen for each operation. */
const mostValues = 2_000_000;

/** Parses a text, or gives its mistakes. */
export function parseJson(
  source: Source,
): { readonly value: unknown; readonly locate: Locate } | { readonly mistakes: readonly Diagnostic[] } {
  const excess = excessOf(source);
  if (excess) return { mistakes: [excess] };
  // A byte order mark is skipped, as in the language; a blank in its place keeps all offsets.
  const text = source.text.replace(/^\uFEFF/, ' ');
  const mistakes = [...syntaxMistakes(text, source), ...repeatedKeys(text, source)];
  if (mistakes.length > 0) return { mistakes };
  return { value: JSON.parse(text), locate: locateIn(text, source) };
}

/** Finds the place where a text has too many values, or too many levels. */
function excessOf(source: Source): Diagnostic | undefined {
  const { text } = source;
  let [values, level] = [1, 0];
  let isText = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (isText) {
      if (character === '\\') at += 1;
      else if (character === '"') isText = false;
    } else if (character === '"') isText = true;
    else if (character === ',') values += 1;
    else if (character === '[' || character === '{') {
      values += 1;
      level += 1;
    } else if (character === ']' || character === '}') level -= 1;
    if (level > deepest) return messages.jsonTooLarge('levels', deepest, spanIn(source, at, at + 1));
    if (values > mostValues) return messages.jsonTooLarge('values', mostValues, spanIn(source, at, at + 1));
  }
  return undefined;
}

/** Gives the first syntax error: later ones mostly follow from it. */
function syntaxMistakes(text: string, source: Source): Diagnostic[] {
  const errors: ParseError[] = [];
  visit(
    text,
    { onError: (error, offset, length) => errors.length === 0 && errors.push({ error, offset, length }) },
    { disallowComments: true },
  );
  return errors.map(({ error, offset, length }) =>
    messages.badJson(phraseOf(printParseErrorCode(error)), spanIn(source, offset, offset + length)),
  );
}

/** Reports repeated keys of an object: JSON readers would silently take the last one. */
function repeatedKeys(text: string, source: Source): Diagnostic[] {
  const found: Diagnostic[] = [];
  const open: Set<string>[] = [];
  visit(text, {
    onObjectBegin: () => void open.push(new Set()),
    onObjectEnd: () => void open.pop(),
    onObjectProperty: (key, offset, length) => {
      const seen = open.at(-1);
      if (seen?.has(key))
        found.push(messages.duplicateId('keys', key, spanIn(source, offset, offset + length)));
      seen?.add(key);
    },
  });
  return found;
}

/** Finds places in the text of a spec; the syntax tree is built at the first request. */
function locateIn(text: string, source: Source): Locate {
  let tree: JsonNode | undefined;
  const partsOf = new Map<JsonNode, ReadonlyMap<string, JsonNode>>();
  const partOf = (node: JsonNode, step: string): JsonNode | undefined => {
    if (node.type === 'array') return node.children?.[Number(step)];
    const parts = partsOf.get(node) ?? partsByKey(node);
    partsOf.set(node, parts);
    return parts.get(step);
  };
  const spanOf = (node: JsonNode): Span => spanIn(source, node.offset, node.offset + node.length);
  return (pointer, part) => {
    tree ??= parseTree(text);
    const path = pointer
      .split('/')
      .slice(1)
      .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
    const node = path.reduce<JsonNode | undefined>((from, step) => from && partOf(from, step), tree);
    if (!node) return tree && spanOf(tree);
    const key = part === 'name' && node.parent?.type === 'property' ? node.parent.children?.[0] : undefined;
    // Objects and lists may be long: their first character stands for them.
    const isLong = node.type === 'object' || node.type === 'array';
    return key ? spanOf(key) : { ...spanOf(node), ...(isLong && { end: node.offset + 1 }) };
  };
}

/** Indexes the values of an object by key; there may be thousands. */
function partsByKey({ children = [] }: JsonNode): Map<string, JsonNode> {
  return new Map(
    children.flatMap(({ children: [key, value] = [] }) => (key && value ? [[String(key.value), value]] : [])),
  );
}

/** Turns `CommaExpected` into `comma expected`. */
function phraseOf(code: string): string {
  return `this is no JSON: ${code.replaceAll(/(?!^)([A-Z])/g, ' $1').toLowerCase()}`;
}
