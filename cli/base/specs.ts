/** Loads the spec of a command, and shows its warnings. */
import type { Ablation, Spec } from '../../compiler/index.ts';
import { SpadeworkError } from '../../dsl/errors.ts';
import type { Source } from '../../dsl/source.ts';
import {
  checkAblationFile,
  checkFile,
  isFolder,
  isJson,
  unchangeable,
  type SpecChoice,
} from '../../runtime/run/spec-files.ts';
import { noteDiagnostics } from './errors.ts';

/** Reads a spec and shows its warnings. Throws a SpadeworkError with all mistakes. */
export function loadSpec(
  file: string,
  flags: SpecChoice,
): { readonly spec: Spec; readonly sources: readonly Source[] } {
  const { spec, sources, diagnostics } = checkFile(file, flags);
  if (!spec) throw new SpadeworkError('input', diagnostics);
  noteDiagnostics(diagnostics);
  return { spec, sources };
}

/** An ablation without errors, with the texts that it was read from. */
export interface LoadedAblation {
  readonly ablation: Ablation;
  readonly sources: readonly Source[];
}

/** Reads an ablation with its runs, and shows warnings. Throws a SpadeworkError with all mistakes. */
export function loadAblation(file: string, flags: SpecChoice): LoadedAblation {
  const { ablation, sources, diagnostics } = checkAblationFile(file, flags);
  if (!ablation) throw new SpadeworkError('input', diagnostics);
  noteDiagnostics(diagnostics);
  return { ablation, sources };
}

/** Reads the spec of a file or of a run's folder. Throws a SpadeworkError. */
export async function loadSpecOrRun(path: string, flags: SpecChoice): Promise<Spec> {
  if (isFolder(path)) {
    if (flags.set) throw unchangeable(path);
    const { readRunSpec } = await import('../../runtime/run/folder.ts');
    return readRunSpec(path);
  }
  return loadSpec(path, isJson(path) ? { name: flags.name } : flags).spec;
}
