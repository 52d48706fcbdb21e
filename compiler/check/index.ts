/**
 * Answers for the verdict on a spec: the schema first, then rules that a schema cannot say. A spec may come from the
 * language (places are known from the expansion) or be written as JSON (places are found in its text).
 */
import {
  findNodeAtLocation,
  parseTree,
  printParseErrorCode,
  type Node as JsonNode,
  type ParseError,
} from 'jsonc-parser';
import { sortDiagnostics, type Diagnostic } from '../../dsl/diagnostic.ts';
import type { Source, Span } from '../../dsl/source.ts';
import type { Expanded } from '../expand/index.ts';
import type { Spec } from '../spec/types.ts';
import * as messages from './messages.ts';
import { adviceRules, codeRules, nameRules, settingRules, shapeRules, wholeRules } from './rules/index.ts';
import type { Rule } from './rules/rule.ts';
import { validate, type Locate } from './validate.ts';

/** Checks an expanded spec; gives all mistakes, those of the expansion included. */
export function checkExpanded(expanded: Expanded): Diagnostic[] {
  const { spec, diagnostics, broken } = expanded;
  if (!spec) return [...diagnostics];
  const locate = locateExpanded(expanded);
  const isIncomplete = diagnostics.length > 0;
  const wrong = validate(spec, locate, 'language').filter(
    // Where expansion failed, only the settings are as the author wrote them.
    ({ pointer }) => !broken.has(pointer) && (!isIncomplete || /^\/(data|train)\//.test(pointer)),
  );
  const found = [...diagnostics, ...wrong.map(({ diagnostic }) => diagnostic)];
  // A setting that a mistake left out is neither missing nor at odds with others.
  if (wrong.length === 0 && broken.size === 0) found.push(...apply(settingRules, spec, locate));
  // A wrong picture keeps the losses from being expanded, so it comes first.
  for (const rules of [wholeRules, nameRules, adviceRules])
    if (found.length === 0) found.push(...apply(rules, spec, locate));
  return sortDiagnostics(found);
}

export interface JsonResult {
  /** The spec; undefined where there is any error. */
  readonly spec: Spec | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** Checks a spec that is written as JSON; places are those of its text. */
export function checkJsonSpec(source: Source): JsonResult {
  const errors: ParseError[] = [];
  // A byte order mark is passed over, as in the language; a blank keeps all places.
  const text = source.text.replace(/^\uFEFF/, ' ');
  const tree = parseTree(text, errors, { disallowComments: true });
  // What follows the first mistake is mostly its consequence.
  const syntax = errors
    .slice(0, 1)
    .map(({ error, offset, length }) =>
      messages.badJson(phraseOf(printParseErrorCode(error)), { source, start: offset, end: offset + length }),
    );
  const repeats = tree ? repeatedKeys(tree, source) : [];
  if (!tree || syntax.length > 0 || repeats.length > 0)
    return { spec: undefined, diagnostics: [...syntax, ...repeats] };
  const value: unknown = JSON.parse(text);
  const locate = locateJson(source, tree);
  const wrong = validate(value, locate, 'json').map(({ diagnostic }) => diagnostic);
  if (wrong.length > 0) return { spec: undefined, diagnostics: sortDiagnostics(wrong) };
  const spec = value as Spec;
  const found: Diagnostic[] = apply([...settingRules, ...nameRules], spec, locate);
  for (const rules of [shapeRules, codeRules, wholeRules])
    if (found.length === 0) found.push(...apply(rules, spec, locate));
  if (found.length > 0) return { spec: undefined, diagnostics: sortDiagnostics(found) };
  return { spec, diagnostics: sortDiagnostics(apply(adviceRules, spec, locate)) };
}

function apply(rules: readonly Rule[], spec: Spec, locate: Locate): Diagnostic[] {
  return rules.flatMap((rule) => rule.check(spec, locate));
}

/** Finds the nearest place that expansion noted: of the setting itself, or of what it belongs to. */
function locateExpanded({ places }: Expanded): Locate {
  return (pointer, part) => {
    for (let at = pointer; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) {
      const place = places.get(at);
      if (place) return place[part];
    }
    return undefined;
  };
}

function locateJson(source: Source, tree: JsonNode): Locate {
  const spanOf = (node: JsonNode): Span => ({ source, start: node.offset, end: node.offset + node.length });
  return (pointer, part) => {
    const path = pointer
      .split('/')
      .slice(1)
      .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
    const node = path.reduce<JsonNode | undefined>(
      (from, step) => from && findNodeAtLocation(from, [from.type === 'array' ? Number(step) : step]),
      tree,
    );
    if (!node) return spanOf(tree);
    const key = part === 'name' && node.parent?.type === 'property' ? node.parent.children?.[0] : undefined;
    // Objects and lists may be long: their first character stands for them.
    const isLong = node.type === 'object' || node.type === 'array';
    return key ? spanOf(key) : { ...spanOf(node), ...(isLong && { end: node.offset + 1 }) };
  };
}

/** Reports keys that an object has twice: JSON readers would take the last without a word. */
function repeatedKeys(node: JsonNode, source: Source): Diagnostic[] {
  const seen = new Set<unknown>();
  return (node.children ?? []).flatMap((child) => {
    const key = child.type === 'property' ? child.children?.[0] : undefined;
    const own =
      key && seen.has(key.value)
        ? [
            messages.duplicateId('keys', String(key.value), {
              source,
              start: key.offset,
              end: key.offset + key.length,
            }),
          ]
        : [];
    seen.add(key?.value);
    return [...own, ...repeatedKeys(child, source)];
  });
}

/** Turns `CommaExpected` into `comma expected`. */
function phraseOf(code: string): string {
  return `this is no JSON: ${code.replaceAll(/(?!^)([A-Z])/g, ' $1').toLowerCase()}`;
}
