/** Lists the commands. What one of them loads is loaded where it is asked for: `--help` takes no more than this table. */
import type { Command } from 'commander';

/** A command as `--help` lists it. */
export interface Listed {
  readonly name: string;
  /** What follows the name. */
  readonly usage: string;
  readonly summary: string;
  /** Loads what gives the command its arguments, options and action; `line` is the command line. */
  readonly load: () => Promise<(command: Command, line: string) => void>;
}

export const commands: readonly Listed[] = [
  {
    name: 'check',
    usage: '[options] <file...>',
    summary: 'report all mistakes of specs',
    load: async () => (await import('./commands/check.ts')).addCheck,
  },
  {
    name: 'fmt',
    usage: '[options] <file...>',
    summary: 'print specs in their canonical layout',
    load: async () => (await import('./commands/fmt.ts')).addFmt,
  },
  {
    name: 'explain',
    usage: '[options] <file>',
    summary: 'show layers, parameters, work and memory of a spec',
    load: async () => (await import('./commands/explain.ts')).addExplain,
  },
  {
    name: 'diff',
    usage: '[options] <one> [other]',
    summary: 'show what differs between two specs or runs',
    load: async () => (await import('./commands/diff.ts')).addDiff,
  },
  {
    name: 'train',
    usage: '[options] <file>',
    summary: 'train an experiment',
    load: async () => (await import('./commands/train.ts')).addTrain,
  },
  {
    name: 'resume',
    usage: '[options] <run>',
    summary: 'go on with a run',
    load: async () => (await import('./commands/resume.ts')).addResume,
  },
  {
    name: 'profile',
    usage: '[options] <file>',
    summary: 'show where the time of a training step goes',
    load: async () => (await import('./commands/profile.ts')).addProfile,
  },
  {
    name: 'synth',
    usage: '[options] <run>',
    summary: 'paint label maps with a trained run',
    load: async () => (await import('./commands/synth.ts')).addSynth,
  },
  {
    name: 'eval',
    usage: '[options] <run>',
    summary: 'measure what a trained run paints',
    load: async () => (await import('./commands/eval.ts')).addEval,
  },
  {
    name: 'import',
    usage: '[options] <file>',
    summary: 'take over weights of another program',
    load: async () => (await import('./commands/import.ts')).addImport,
  },
  {
    name: 'export',
    usage: '[options] <run>',
    summary: 'give weights to another program',
    load: async () => (await import('./commands/export.ts')).addExport,
  },
  {
    name: 'data',
    usage: '',
    summary: 'check the data of a spec, or make data',
    load: async () => (await import('./commands/data.ts')).addData,
  },
  {
    name: 'ablate',
    usage: '[options] <file> [words...]',
    summary: 'train and compare all runs of an ablation',
    load: async () => (await import('./commands/ablate.ts')).addAblate,
  },
  {
    name: 'compare',
    usage: '[options] <folders...>',
    summary: 'put runs side by side',
    load: async () => (await import('./commands/compare.ts')).addCompare,
  },
  {
    name: 'doctor',
    usage: '[options]',
    summary: 'examine the machine and the engines',
    load: async () => (await import('./commands/doctor.ts')).addDoctor,
  },
  {
    name: 'engine',
    usage: '',
    summary: 'set up, remove or find the native engine',
    load: async () => (await import('./commands/engine.ts')).addEngine,
  },
];
