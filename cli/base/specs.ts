/** Answers for reading the spec that a command is given: a `.spade` text, JSON, or the spec of a run. */
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  check,
  checkAblation,
  checkJson,
  type Ablation,
  type AblationResult,
  type CheckResult,
  type Spec,
} from '../../compiler/index.ts';
import type { Source } from '../../dsl/source.ts';
import { fileProvider, readSource } from '../../runtime/specs/read.ts';
import { readSources, textsBeside } from '../../runtime/run/sources.ts';
import { inputError, SpadeworkError } from '../../dsl/errors.ts';
import { noteDiagnostics } from './errors.ts';

/** What a command line says about the spec. */
export interface SpecFlags {
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
export function checkFile(file: string, { name, set: sets }: SpecFlags): CheckResult {
  const source = readSpecFile(file);
  if (!isJson(file)) return check(source, fileProvider(), { name, sets });
  if (sets) throw unchangeable(file);
  const checked = checkJson(source);
  return { ...checked, sources: checked.spec ? readSources(textsBeside(dirname(file)), checked.spec) : [] };
}

/** Reads and checks an ablation. */
export function checkAblationFile(file: string, { name, set: sets }: SpecFlags): AblationResult {
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

/** Reads a spec that has to be without errors, and shows warnings. Throws a SpadeworkError with all mistakes. */
export function loadSpec(
  file: string,
  flags: SpecFlags,
): { readonly spec: Spec; readonly sources: readonly Source[] } {
  const { spec, sources, diagnostics } = checkFile(file, flags);
  if (!spec) throw new SpadeworkError('input', diagnostics);
  noteDiagnostics(diagnostics);
  return { spec, sources };
}

/** Reads an ablation whose runs have to be without errors, and shows warnings. Throws a SpadeworkError with all mistakes. */
export function loadAblation(
  file: string,
  flags: SpecFlags,
): { readonly ablation: Ablation; readonly sources: readonly Source[] } {
  const { ablation, sources, diagnostics } = checkAblationFile(file, flags);
  if (!ablation) throw new SpadeworkError('input', diagnostics);
  noteDiagnostics(diagnostics);
  return { ablation, sources };
}

/** Reads the spec of a file or of a run's folder. Throws a SpadeworkError. */
export async function loadSpecOrRun(path: string, flags: SpecFlags): Promise<Spec> {
  if (isFolder(path)) {
    if (flags.set) throw unchangeable(path);
    const { readRunSpec } = await import('../../runtime/run/folder.ts');
    return readRunSpec(path);
  }
  return loadSpec(path, isJson(path) ? { name: flags.name } : flags).spec;
}

/** Tells whether a path leads to a folder; links that lead nowhere do not. */
export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function unchangeable(file: string): SpadeworkError {
  return inputError(
    'unchangeable-spec',
    `--set changes specs of the language, and '${file}' is JSON`,
    'edit the file',
  );
}
