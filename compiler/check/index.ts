/**
 * Checks a spec: first against the schema, then by rules that a schema cannot express. A spec may come from the
 * language (its places come from the expansion) or be written as JSON (its places come from the text).
 */
import { sortDiagnostics, type Diagnostic } from '../../dsl/diagnostic.ts';
import type { Source } from '../../dsl/source.ts';
import type { Expanded } from '../expand/index.ts';
import type { Spec } from '../format/types.ts';
import { parseJson } from './json.ts';
import { adviceRules, codeRules, nameRules, settingRules, shapeRules, wholeRules } from './rules/index.ts';
import type { Rule, Locate } from './rules/rule.ts';
import { validate } from './validate.ts';

/** Checks an expanded spec; gives all mistakes, those of the expansion included. */
export function checkExpanded(expanded: Expanded): Diagnostic[] {
  const { spec, diagnostics, broken } = expanded;
  if (!spec) return [...diagnostics];
  const locate = locateExpanded(expanded);
  const isIncomplete = diagnostics.length > 0;
  const wrong = validate(spec, locate, 'language').wrong.filter(
    // After a failed expansion, only the settings are as the author wrote them.
    ({ pointer }) => !broken.has(pointer) && (!isIncomplete || isSetting(pointer)),
  );
  // Inputs of networks follow from the data, so a mistake in the data is reported only there.
  const wrongOnes = wrong.some(({ pointer }) => isSetting(pointer))
    ? wrong.filter(({ pointer }) => isSetting(pointer))
    : wrong;
  const found = [...diagnostics, ...wrongOnes.map(({ diagnostic }) => diagnostic)];
  // A setting left out because of a mistake is not missing, and must not be compared with others.
  if (wrong.length === 0 && broken.size === 0) found.push(...apply(settingRules, spec, locate));
  // A wrong painting network prevents the expansion of losses, so it is checked first.
  for (const rules of [wholeRules, nameRules, adviceRules])
    if (found.length === 0) found.push(...apply(rules, spec, locate));
  return sortDiagnostics(found);
}

/** Tells whether a pointer leads to a setting of the data or the training. */
const isSetting = (pointer: string): boolean => /^\/(data|train)\//.test(pointer);

export interface JsonResult {
  /** The spec; undefined if there is any error. */
  readonly spec: Spec | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** Checks a spec written as JSON; its places are those of the text. */
export function checkJsonSpec(source: Source): JsonResult {
  const parsed = parseJson(source);
  if ('mistakes' in parsed) return { spec: undefined, diagnostics: parsed.mistakes };
  const { value, locate } = parsed;
  const { spec, wrong } = validate(value, locate, 'json');
  if (!spec) return { spec, diagnostics: sortDiagnostics(wrong.map(({ diagnostic }) => diagnostic)) };
  const found: Diagnostic[] = apply([...settingRules, ...nameRules], spec, locate);
  for (const rules of [shapeRules, codeRules, wholeRules])
    if (found.length === 0) found.push(...apply(rules, spec, locate));
  if (found.length > 0) return { spec: undefined, diagnostics: sortDiagnostics(found) };
  return { spec, diagnostics: sortDiagnostics(apply(adviceRules, spec, locate)) };
}

function apply(rules: readonly Rule[], spec: Spec, locate: Locate): Diagnostic[] {
  return rules.flatMap((rule) => rule.check(spec, locate));
}

/** Finds the nearest place recorded by the expansion: of the setting itself, or of what contains it. */
function locateExpanded({ places }: Expanded): Locate {
  return (pointer, part) => {
    for (let at = pointer; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) {
      const place = places.get(at);
      if (place) return place[part];
    }
    return undefined;
  };
}
