/** Reads the spec of a file: a `.spade` text, or JSON. */
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  check,
  checkAblation,
  checkJson,
  type AblationResult,
  type CheckResult,
} from '../../compiler/index.ts';
import { inputError, type SpadeworkError } from '../../dsl/errors.ts';
import type { Source } from '../../dsl/source.ts';
import { fileProvider, readSource } from '../specs/read.ts';
import { readSources, textsBeside } from './sources.ts';

/** Which of several things a text declares is meant, and what is changed of it. */
export interface SpecChoice {
  /** One of several experiments, networks or ablations. */
  readonly name?: string | undefined;
  /** Changes by path: `G.norm=instance()`. */
  readonly set?: readonly string[] | undefined;
}

/** Reads a spec's text as it is. Throws a SpadeworkError where it cannot. */
export function readSpecFile(file: string): Source {
  const found = readSource(file);
  if ('text' in found) return found;
  throw inputError(
    'unreadable-spec',
    `cannot read '${file}': ${found.why}`,
    'check the path; specs end in .spade',
  );
}

/** Reads and checks a spec. */
export function checkFile(file: string, { name, set: sets }: SpecChoice): CheckResult {
  const source = readSpecFile(file);
  if (!isJson(file)) return check(source, fileProvider(), { name, sets });
  if (sets) throw unchangeable(file);
  return checkJsonFile(source);
}

/** Checks the content of a JSON file; the texts that it was made of may lie beside it. */
export function checkJsonFile(source: Source): CheckResult {
  const checked = checkJson(source);
  const texts = textsBeside(dirname(source.name));
  return { ...checked, sources: checked.spec ? readSources(texts, checked.spec) : [] };
}

/** Reads and checks an ablation. */
export function checkAblationFile(file: string, { name, set: sets }: SpecChoice): AblationResult {
  if (isJson(file))
    throw inputError(
      'no-ablation-in-json',
      `'${file}' holds one spec, no ablation`,
      'ablations are written in .spade files',
    );
  return checkAblation(readSpecFile(file), fileProvider(), { name, sets });
}

/** Tells whether a file is a spec that is written as JSON. */
export function isJson(file: string): boolean {
  return file.endsWith('.json');
}

/** Tells whether a path leads to a folder; links that lead nowhere do not. */
export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** Says that a change by path has nothing to change. */
export function unchangeable(file: string): SpadeworkError {
  return inputError(
    'unchangeable-spec',
    `--set changes specs of the language, and '${file}' is JSON`,
    'edit the file',
  );
}
