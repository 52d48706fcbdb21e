/** Guards the start of the command: what `--help` and `check` load, and that what bundles hold ahead is what is computed without. */
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { commands } from '../../cli/commands.ts';
import { StrictCommand } from '../../cli/base/strict-command.ts';
import { parse } from '../../dsl/index.ts';
import { restoreTree, storeTree } from '../../runtime/specs/stored-trees.ts';
import { loadedBy } from '../support/loaded-modules.ts';
import { runCli } from './run-cli.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const script = `${root}cli/spadework.js`;

describe('in the clone', () => {
  // Makes the bundle where there is none of these sources, which loads what makes it.
  beforeAll(() => runCli(['--version']));

  it('help loads the table of commands, and no package', () => {
    const { own, packages, size } = loadedBy(script, ['--help'], root);
    expect(packages).toEqual([]);
    expect(own.length).toBeLessThan(26);
    expect(size).toBeLessThan(250_000);
  });

  it('check loads the compiler, and no package: engines, pictures and what makes the bundle stay away', () => {
    const { own, packages, size } = loadedBy(script, ['check', 'examples/camvid.spade'], root);
    expect(packages).toEqual([]);
    expect(own.length).toBeLessThan(62);
    expect(size).toBeLessThan(4_000_000);
  });
});

describe('the table of commands', () => {
  it.each(commands)('says of $name what follows its name', async ({ name, usage, load }) => {
    const command = new StrictCommand(name);
    (await load())(command, '');
    const said = command.usage();
    // Commands with subcommands alone have no options of their own.
    expect(usage).toBe(command.commands.length > 0 ? '' : said);
  });
});

describe('a stored syntax tree', () => {
  const specs = readdirSync(`${root}specs`).filter((name) => name.endsWith('.spade'));

  it.each(specs)('of %s is what its text is parsed into, places included', (name) => {
    const source = { name, text: readFileSync(`${root}specs/${name}`, 'utf8') };
    const parsed = parse(source);
    const restored = restoreTree(storeTree(parsed, source), source);
    expect(restored).toEqual(parsed);
    expect(restored.file?.source).toBe(source);
    expect(restored.file?.declarations[0]?.span.source).toBe(source);
  });
});
